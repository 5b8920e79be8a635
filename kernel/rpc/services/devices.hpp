#pragma once

#include "kernel/device_manager/device_manager.hpp"
#include "kernel/rpc/service_table.hpp"
#include "kernel/switchboard.hpp"

#include <functional>
#include <string>

namespace dkvm {

// devices.*: what runs, why it does not, and telling it to.
// Source: docs/protocol.md, "Calls".
struct DeviceServices {
  DeviceManager& devices;
  Switchboard& switchboard;
  std::function<std::string(const std::string& device)> type_of;

  void add_to(ServiceTable& table);

 private:
  using Act = Result<> (*)(DeviceManager&, DeviceId, const std::string& reason);
  nlohmann::json describe(const DeviceSnapshot& snapshot) const;
  Result<DeviceId> named(const Params& params) const;
  Result<nlohmann::json> act(const ServiceCall& call, const Params& params, Act how) const;
};

}  // namespace dkvm
