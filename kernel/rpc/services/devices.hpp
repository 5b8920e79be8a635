#pragma once

#include "kernel/device_manager/device_manager.hpp"
#include "kernel/rpc/service_table.hpp"
#include "kernel/setup/plan.hpp"
#include "kernel/switchboard.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace dkvm {

// devices.*: what runs, why it does not, and telling it to.
// Source: docs/protocol.md, "Calls".
struct DeviceServices {
  DeviceManager& devices;
  Switchboard& switchboard;
  // What the configuration says of it; null when it says nothing any more.
  std::function<const DevicePlan*(const std::string& device)> plan_of;
  // What a process uses; asked only for devices that an answer tells of.
  std::function<ProcessUsage(ProcessId)> usage = read_usage;

  void add_to(ServiceTable& table);

 private:
  using Act = Result<> (*)(DeviceManager&, DeviceId, const std::string& reason);
  nlohmann::json describe(const DeviceSnapshot& snapshot) const;
  Result<nlohmann::json> get(const Params& params) const;
  Result<DeviceId> named(const Params& params) const;
  Result<nlohmann::json> list_deaths(const Params& params) const;
  Result<nlohmann::json> act(const ServiceCall& call, const Params& params, Act how) const;
};

// That there is no such device, and which one may be meant.
Error no_device(std::string_view name, const CallTransport& devices);

}  // namespace dkvm
