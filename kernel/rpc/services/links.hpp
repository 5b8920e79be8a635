#pragma once

#include "kernel/rpc/long_polls.hpp"
#include "kernel/rpc/service_table.hpp"
#include "kernel/setup/link_streams.hpp"

#include <cstdint>
#include <functional>

namespace dkvm {

// links.*: what the devices that make links need to know of the pipelines.
struct LinkServices {
  const LinkStreams& streams;
  LongPolls& polls;
  std::function<bool(DeviceId)> makes_links;
  std::function<std::uint64_t()> now_ns;

  void add_to(ServiceTable& table);

 private:
  Result<> wait(const ServiceCall& call, const Params& params, const Respond& respond) const;
};

}  // namespace dkvm
