#pragma once

#include "kernel/device_manager/device_manager.hpp"
#include "kernel/loop/clock.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// What is said to a service manager, pure.
namespace dkvm {

inline constexpr std::size_t kStatusBytesMax = 240;  // a line of `systemctl status`

// Whether every device that is wanted has been started once, however that went.
bool all_begun(std::span<const DeviceSnapshot> devices);

// One line for people: how many run, and who is in trouble.
// Shape: printable, no newline, at most kStatusBytesMax; `refusal` is why the last reload
//        failed (its first line is told), or empty
std::string status_line(std::span<const DeviceSnapshot> devices, std::string_view refusal);

// How often the manager wants to hear from this process: half of WATCHDOG_USEC, where
// WATCHDOG_PID is this process or not set. Nothing when it does not watch.
std::optional<Duration> watchdog_interval(const char* usec, const char* pid, long own_pid);

}  // namespace dkvm
