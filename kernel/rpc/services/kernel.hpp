#pragma once

#include "kernel/rpc/service_table.hpp"

#include <functional>

namespace dkvm {

// kernel.*: what this kernel is, and telling it to reload or stop.
struct KernelServices {
  std::function<nlohmann::json()> info;
  std::function<Result<nlohmann::json>()> reload;
  std::function<void(const std::string& reason)> stop;

  void add_to(ServiceTable& table) {
    table.add("kernel.info", [*this](const ServiceCall&, const Params&) -> Result<nlohmann::json> {
      return info();
    });
    table.add("kernel.reload", [*this](const ServiceCall&, const Params&) { return reload(); });
    table.add("kernel.stop",
              [*this](const ServiceCall& call, const Params&) -> Result<nlohmann::json> {
                stop("asked by " + call.caller);
                return nlohmann::json::object();
              });
  }
};

}  // namespace dkvm
