#pragma once

#include "pipelines/topic_set.hpp"

#include <dkvm/wire/control_generated.h>

#include <compare>
#include <cstdint>
#include <string>

namespace dkvm {

// A device's number for as long as this kernel knows its name: it survives
// restarts, incarnations tell them apart. 0 is the kernel itself.
using DeviceId = std::uint16_t;

inline constexpr DeviceId kKernelDevice = 0;

// A port of a device.
struct PortRef {
  DeviceId device = 0;
  std::uint16_t port = 0;

  auto operator<=>(const PortRef&) const = default;
};

// The kernel's own: `kernel/devices` and `kernel/switches`.
inline constexpr PortRef kKernelDevicesRef{kKernelDevice, 0};
inline constexpr PortRef kKernelSwitchesRef{kKernelDevice, 1};

// What the kernel knows of a device's port. (dkvm::Port is the device's own end.)
struct RoutedPort {
  std::uint16_t id = 0;
  std::string name;  // run-time ports of a link: `laptop/screen`
  wire::Direction direction = wire::Direction::source;
  TopicSet topics;
  bool live = false;     // a source that cannot be paused
  bool injects = false;  // a sink that presses keys on a real machine
  std::string peer{};    // of a link's run-time ports: whose they are
};

}  // namespace dkvm
