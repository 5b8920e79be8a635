#pragma once

#include <cstdint>
#include <string>

#include "kernel/device_manager/process.hpp"
#include "kernel/device_manager/supervisor_types.hpp"
#include "kernel/log/rate.hpp"

namespace dkvm {

using DeviceId = std::uint16_t;

// One device as the device manager needs it, nothing of the YAML.
// Its program gets stdin and stdout as one AF_UNIX stream socket.
struct DeviceSpec {
  DeviceId id = 0;
  std::string name;
  Program program;
  SupervisorSpec supervision;  // restart, backoff, health (with input_path), cleanup
  LogRate log_rate;
};

}  // namespace dkvm
