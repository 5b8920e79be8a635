#pragma once

#include "kernel/memory_manager/memory_manager.hpp"
#include "kernel/rpc/service_table.hpp"
#include "pipelines/port.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace dkvm {

// memory.*: pools and leases of the calling device itself, and what there is of
// all. A call by way of another device (a link's peer) has none of its own.
// Source: docs/protocol.md, "Calls".
struct MemoryServices {
  MemoryManager& memory;
  // A port that the device has open now; null when it has none of that number.
  std::function<const RoutedPort*(PortRef)> port_of;
  std::function<std::string(DeviceId)> name_of;
  std::function<std::uint64_t()> now_ns;

  void add_to(ServiceTable& table);

 private:
  Result<nlohmann::json> open_pool(const ServiceCall& call, const Params& params) const;
  Result<nlohmann::json> allocate(const ServiceCall& call, const Params& params) const;
  Result<nlohmann::json> retain(const ServiceCall& call, const Params& params) const;
  Result<nlohmann::json> release(const ServiceCall& call, const Params& params) const;
  Result<nlohmann::json> list(const Params& params) const;
  Result<const RoutedPort*> own_port(const ServiceCall& call, const Params& params) const;
  Result<PortRef> own_port(const ServiceCall& call, const Params& params,
                           wire::Direction direction) const;
  nlohmann::json describe(const PoolStats& pool) const;
};

}  // namespace dkvm
