#include "tools/dkvmctl/ctl.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

namespace {

using namespace dkvm::ctl;

constexpr std::chrono::milliseconds kTimeoutMax{240'000};

struct Options {
  std::string socket;
  std::string timeout = "5s";
  bool json = false;
};

std::optional<std::string> environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::string check_timeout(const std::string& text) {
  const auto timeout = parse_timeout(text);
  if (timeout && timeout->count() > 0 && *timeout <= kTimeoutMax) return {};
  return "'" + text + "' is not a duration such as 5s, 250ms or 2m, at most 4m";
}

void add_options(CLI::App& app, Options& options) {
  app.require_subcommand(1);
  app.fallthrough();  // options may follow the command
  app.set_version_flag("--version", "dkvmctl " DKVM_VERSION);
  app.add_option(
      "-s,--socket", options.socket,
      "the kernel's control socket; else $DKVM_SOCKET, $DKVM_RUNTIME_DIR/control.sock\n"
      "or the first of $XDG_RUNTIME_DIR/dkvm, /run/dkvm and /tmp/dkvm-<uid> that answers");
  app.add_option("-t,--timeout", options.timeout, "how long to wait for an answer")
      ->check(check_timeout)
      ->type_name("TIME")
      ->capture_default_str();
  app.add_flag("-j,--json", options.json, "results as JSON; JSON Lines for what goes on and on");
  app.footer(
      "--socket, --timeout and --json may follow any command.\n"
      "Exit status: 0 ok, 1 the call failed, 2 usage, 3 no kernel, 4 timeout.");
}

int complain(const CallError& failure) {
  fmt::print(stderr, "dkvmctl: {}\n", explain(failure));
  return exit_code_of(failure);
}

int run(const Options& options, const Command& command) {
  auto client = Client::connect(socket_paths(options.socket, ::geteuid(), environment));
  if (!client) return complain(client.error());
  const bool coloured =
      wants_colour(::isatty(STDOUT_FILENO) != 0, std::getenv("NO_COLOR"), std::getenv("TERM"));
  Screen screen(stdout, options.json, Style(coloured));
  Ctl ctl{*client, screen, *parse_timeout(options.timeout)};
  const auto done = command(ctl);
  if (!screen.flush()) {
    fmt::print(stderr, "dkvmctl: the output could not be written\n");
    return kExitFailed;
  }
  return done ? 0 : complain(done.error());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Looks at a running dKVM kernel and steers it", "dkvmctl");
  Options options;
  Command chosen;
  add_options(app, options);
  add_status(app, chosen);
  add_devices(app, chosen);
  add_deaths(app, chosen);
  add_logs(app, chosen);
  add_pipelines(app, chosen);
  add_watch(app, chosen);
  add_calls(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const auto unknown = app.remaining();
    if (app.get_subcommands().empty() && !unknown.empty() && error.get_exit_code() != 0) {
      fmt::print(stderr, "there is no command '{}'\nRun with --help for more information.\n",
                 printable(unknown.front()));
      return kExitUsage;
    }
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  return run(options, chosen);
}
