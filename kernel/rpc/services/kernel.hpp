#pragma once

#include "kernel/rpc/service_table.hpp"

#include <functional>

namespace dkvm {

// kernel.*: what this kernel is, and telling it to reload or stop.
struct KernelServices {
  std::function<nlohmann::json()> info;
  std::function<void(const Respond&)> reload;  // answers once, at once or later
  std::function<void(const std::string& reason)> stop;

  void add_to(ServiceTable& table) {
    table.add(
        "kernel.info", {},
        [*this](const ServiceCall&, const Params&) -> Result<nlohmann::json> { return info(); });
    table.add_later(
        "kernel.reload", {},
        [*this](const ServiceCall&, const Params&, const Respond& respond) { reload(respond); });
    // Answered first: what takes the answer along is among the first to be stopped.
    table.add_later("kernel.stop", {},
                    [*this](const ServiceCall& call, const Params&, const Respond& respond) {
                      respond(nlohmann::json{{"runtime_dir", info().at("runtime_dir")}});
                      stop("asked by " + call.caller);
                    });
  }
};

}  // namespace dkvm
