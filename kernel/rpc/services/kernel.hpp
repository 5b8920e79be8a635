#pragma once

#include "kernel/rpc/service_table.hpp"

#include <functional>

namespace dkvm {

// kernel.*: what this kernel is, and telling it to reload or stop.
struct KernelServices {
  using Answer = ServiceTable::Respond;

  std::function<nlohmann::json()> info;
  std::function<void(const Answer&)> reload;  // answers once, at once or later
  std::function<void(const std::string& reason)> stop;

  void add_to(ServiceTable& table) {
    table.add("kernel.info", [*this](const ServiceCall&, const Params&) -> Result<nlohmann::json> {
      return info();
    });
    table.add_later("kernel.reload", [*this](const ServiceCall&, const Params&,
                                             const Answer& respond) { reload(respond); });
    table.add("kernel.stop",
              [*this](const ServiceCall& call, const Params&) -> Result<nlohmann::json> {
                stop("asked by " + call.caller);
                return nlohmann::json::object();
              });
  }
};

}  // namespace dkvm
