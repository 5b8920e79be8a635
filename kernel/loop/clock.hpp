#pragma once

#include <chrono>
#include <cstdint>

// The clocks of the kernel. Pure logic takes a TimePoint as a parameter and
// never asks a clock itself.
namespace dkvm {

// CLOCK_MONOTONIC on Linux: stands still while the machine is suspended.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = std::chrono::nanoseconds;

// A time that never comes.
inline constexpr TimePoint kNever = TimePoint::max();

// Time since boot, suspend included (CLOCK_BOOTTIME); where a system has no
// such clock, the same as Clock.
Duration boottime();

// Time of day in nanoseconds since 1970, UTC: for people, never for deadlines.
std::int64_t wall_ns();

}  // namespace dkvm
