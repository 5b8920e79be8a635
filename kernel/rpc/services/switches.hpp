#pragma once

#include "kernel/rpc/long_polls.hpp"
#include "kernel/rpc/service_table.hpp"
#include "kernel/switchboard.hpp"

namespace dkvm {

// pipelines.select and pipelines.switches: who has the input, and moving it.
struct SwitchServices {
  Switchboard& switchboard;
  LongPolls& polls;

  void add_to(ServiceTable& table);
};

}  // namespace dkvm
