#pragma once

#include "pipelines/device.hpp"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace dkvm::detail {

// All devices that the router has heard of, by id. Null for unknown ids; a
// port is found while its device is up and the port open.
class DeviceTable {
 public:
  Device* find(DeviceId id) const { return id < by_id_.size() ? by_id_[id].get() : nullptr; }
  SourcePort* find_source(PortRef ref) const {
    Device* device = find(ref.device);
    return device != nullptr ? find_port(device->sources, ref.port) : nullptr;
  }
  SinkPort* find_sink(PortRef ref) const {
    Device* device = find(ref.device);
    return device != nullptr ? find_port(device->sinks, ref.port) : nullptr;
  }
  Device& at(DeviceId id) {
    if (id >= by_id_.size()) by_id_.resize(std::size_t{id} + 1);
    if (!by_id_[id]) by_id_[id] = std::make_unique<Device>();
    return *by_id_[id];
  }

  template <class Visit>
  void each(Visit visit) const {
    for (const auto& device : by_id_)
      if (device) visit(*device);
  }
  template <class Visit>
  void each_lane(Visit visit) const {
    each([&](Device& device) {
      visit(device.common);
      for (const auto& port : device.sinks) {
        if (port->own) visit(*port->own);
        if (port->bulk) visit(*port->bulk);
      }
    });
  }

 private:
  std::vector<std::unique_ptr<Device>> by_id_;
};

}  // namespace dkvm::detail
