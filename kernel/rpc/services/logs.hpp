#pragma once

#include "kernel/log/log.hpp"
#include "kernel/rpc/long_polls.hpp"
#include "kernel/rpc/service_table.hpp"

namespace dkvm {

// log.*: the kept records, and waiting for new ones.
struct LogServices {
  Log& log;
  LongPolls& polls;
  const CallTransport& devices;

  void add_to(ServiceTable& table);

 private:
  struct Query {
    LogFilter filter;
    std::uint64_t after = 0;
    std::size_t records_max = 0;
    std::uint64_t until_ns = 0;
  };
  Result<Query> query_of(const Params& params, std::uint64_t now_ns) const;
  Result<LogFilter> filter_of(const Params& params) const;
  Result<> read(const ServiceCall& call, const Params& params, const Respond& respond) const;
};

// How long a call may wait, from its `wait_ms`.
Result<std::uint64_t> wait_until(const Params& params, std::uint64_t now_ns);

}  // namespace dkvm
