#pragma once

#include "kernel/device_manager/supervisor.hpp"

namespace dkvm {

struct Supervisor::Step {
  TimePoint now;
  SupervisorActions& out;
};

}  // namespace dkvm
