#pragma once

#include "tools/dkvmctl/client.hpp"
#include "tools/dkvmctl/screen.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <functional>
#include <string>

namespace dkvm::ctl {

// What every command works with.
struct Ctl {
  Client& client;
  Screen& screen;
  std::chrono::milliseconds timeout;

  Called<Json> kernel(const std::string& method, const Json& params = Json::object()) {
    return client.call("kernel", method, params.dump(), timeout);
  }
};

using Command = std::function<Called<>(Ctl&)>;

// Each adds its commands to the command line; the one that was asked for
// stores what to do in `chosen`.
void add_status(CLI::App& app, Command& chosen);
void add_devices(CLI::App& app, Command& chosen);
void add_deaths(CLI::App& app, Command& chosen);
void add_logs(CLI::App& app, Command& chosen);
void add_pipelines(CLI::App& app, Command& chosen);
void add_watch(CLI::App& app, Command& chosen);
void add_calls(CLI::App& app, Command& chosen);
void add_stop(CLI::App& app, Command& chosen);

}  // namespace dkvm::ctl
