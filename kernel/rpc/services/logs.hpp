#pragma once

#include "kernel/log/log.hpp"
#include "kernel/rpc/long_polls.hpp"
#include "kernel/rpc/service_table.hpp"

namespace dkvm {

// log.*: the kept records, and waiting for new ones.
struct LogServices {
  Log& log;
  LongPolls& polls;

  void add_to(ServiceTable& table);
};

// How long a call may wait, from its `wait_ms`.
Result<std::uint64_t> wait_until(const Params& params, std::uint64_t now_ns);

}  // namespace dkvm
