#pragma once

#include "tools/dkvmctl/client.hpp"
#include "tools/dkvmctl/screen.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace dkvm::ctl {

// What every command works with.
struct Ctl {
  Client& client;
  Screen& screen;
  std::chrono::milliseconds timeout;

  Called<Json> call(const std::string& target, const std::string& method, const Json& params) {
    return client.call(target, method, params.dump(), timeout);
  }
  Called<Json> kernel(const std::string& method, const Json& params = Json::object()) {
    return call("kernel", method, params);
  }
};

using Command = std::function<Called<>(Ctl&)>;

// What needs no kernel: it works on this machine's own files.
using LocalCommand = std::function<Called<>(Screen&)>;

// The error of a local command.
inline CallError failed_here(Error error) {
  return {CallError::Kind::here, std::move(error), {}, {}};
}

// A function of its options as such a command.
template <class Options>
LocalCommand local_command(const std::shared_ptr<Options>& options,
                           Result<> (*act)(Screen&, const Options&)) {
  return [options, act](Screen& screen) -> Called<> {
    auto done = act(screen, *options);
    if (!done) return fail(failed_here(std::move(done).error()));
    return {};
  };
}

// The groups of the help.
inline constexpr const char* kGroupLook = "Look at a kernel";
inline constexpr const char* kGroupSteer = "Steer it";
inline constexpr const char* kGroupMake = "Set up a machine";
inline constexpr const char* kGroupTrust = "Trust other machines";

// Each adds its commands to the command line; the one that was asked for
// stores what to do in `chosen`.
void add_status(CLI::App& app, Command& chosen);
void add_devices(CLI::App& app, Command& chosen);
void add_deaths(CLI::App& app, Command& chosen);
void add_links(CLI::App& app, Command& chosen);
void add_logs(CLI::App& app, Command& chosen);
void add_pipelines(CLI::App& app, Command& chosen);
void add_switches(CLI::App& app, Command& chosen);
void add_watch(CLI::App& app, Command& chosen);
void add_calls(CLI::App& app, Command& chosen);
void add_stop(CLI::App& app, Command& chosen);
void add_stats(CLI::App& app, Command& chosen);
void add_top(CLI::App& app, Command& chosen);
void add_latency(CLI::App& app, Command& chosen);
void add_memory(CLI::App& app, Command& chosen);

void add_identity(CLI::App& app, LocalCommand& chosen);
void add_trust(CLI::App& app, LocalCommand& chosen);
void add_pair(CLI::App& app, LocalCommand& chosen);
void add_new_device(CLI::App& app, LocalCommand& chosen);
void add_init(CLI::App& app, LocalCommand& chosen);
void add_doctor(CLI::App& app, LocalCommand& chosen);
void add_completion(CLI::App& app, LocalCommand& chosen);

// Of a kernel or, with --config, of a file.
void add_graph(CLI::App& app, Command& chosen, LocalCommand& chosen_here);

}  // namespace dkvm::ctl
