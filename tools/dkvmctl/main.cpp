#include "config/suggest.hpp"
#include "tools/dkvmctl/completion/completion.hpp"
#include "tools/dkvmctl/ctl.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace dkvm::ctl;

constexpr std::chrono::milliseconds kTimeoutMax{240'000};

struct Options {
  std::string socket;
  std::string timeout = "5s";
  bool json = false;
};

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
         "or the first of $XDG_RUNTIME_DIR/dkvm, /run/dkvm and /tmp/dkvm-<uid> that answers")
      ->type_name("PATH");
  app.add_option("-t,--timeout", options.timeout, "how long to wait for an answer")
      ->check(check_timeout)
      ->type_name("TIME")
      ->capture_default_str();
  app.add_flag("-j,--json", options.json,
               "results and errors as JSON; JSON Lines for what goes on and on");
  app.footer(
      "--socket, --timeout and --json may follow any command.\n"
      "Exit status: 0 ok, 1 the call failed, 2 usage, 3 no kernel, 4 timeout.");
}

int complain(const CallError& failure, bool json) {
  say(json ? as_json(failure) : "dkvmctl: " + explain(failure));
  return exit_code_of(failure);
}

int complain_unwritten(bool json) {
  dkvm::Error error(dkvm::Errc::exhausted, "the output could not be written");
  return complain({CallError::Kind::output, std::move(error), {}, {}}, json);
}

// With one of them closed the next descriptor would take its place, and the
// socket get what is printed. Printing to what is put in place of stdout fails.
void hold_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
}

// Asked for, even on a command line that is wrong elsewhere.
bool asks_for_json(std::span<char*> arguments) {
  return std::ranges::any_of(arguments, [](std::string_view argument) {
    return argument == "--json" || argument == "-j";
  });
}

std::string unknown_command(const CLI::App& app, const std::string& written) {
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  std::vector<std::string> names;
  for (const CLI::App* command : commands) names.push_back(command->get_name());
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  return fmt::format("there is no command {}{}", dkvm::detail::in_quotes(written),
                     dkvm::detail::did_you_mean(written, candidates));
}

// As far as the commands on the line are known: `identity` of `identity foo`.
const CLI::App& furthest(const CLI::App& app) {
  const auto given = app.get_subcommands();
  return given.empty() ? app : furthest(*given.front());
}

// What the command line asks for instead of a command, or what is wrong with it.
int end_without_command(CLI::App& app, const CLI::ParseError& error, bool json) {
  if (error.get_exit_code() == 0) {
    app.exit(error);  // --help, --version
    return std::cout.flush() ? 0 : complain_unwritten(json);
  }
  const auto unknown = app.remaining(true);
  const CLI::App& last = furthest(app);
  const bool no_command = last.get_require_subcommand_min() != 0 && !unknown.empty();
  const std::string what = no_command ? unknown_command(last, unknown.front()) : error.what();
  if (json)
    return complain({CallError::Kind::usage, dkvm::Error(dkvm::Errc::invalid, what), {}, {}}, json);
  say(printable(what) + "\nRun with --help for more information.");
  return kExitUsage;
}

int run(const Options& options, const LocalCommand& command) {
  const bool coloured =
      wants_colour(::isatty(STDOUT_FILENO) != 0, std::getenv("NO_COLOR"), std::getenv("TERM"));
  Screen screen(stdout, options.json, Style(coloured));
  const auto done = command(screen);
  if (!screen.flush()) return complain_unwritten(options.json);
  return done ? 0 : complain(done.error(), options.json);
}

// The command with a kernel that it can ask.
LocalCommand at_kernel(const Options& options, const Command& command) {
  return [&](Screen& screen) -> Called<> {
    DKVM_TRY(Client client,
             Client::connect(socket_paths(options.socket, ::geteuid(), own_environment)));
    Ctl ctl{client, screen, *parse_timeout(options.timeout)};
    return command(ctl);
  };
}

// In the order of the help.
void add_commands(CLI::App& app, Command& chosen, LocalCommand& chosen_here) {
  add_status(app, chosen);
  add_stats(app, chosen);
  add_top(app, chosen);
  add_devices(app, chosen);
  add_deaths(app, chosen);
  add_pipelines(app, chosen);
  add_latency(app, chosen);
  add_memory(app, chosen);
  add_graph(app, chosen, chosen_here);
  add_links(app, chosen);
  add_watch(app, chosen);
  add_logs(app, chosen);
  add_switches(app, chosen);
  add_calls(app, chosen);
  add_stop(app, chosen);
  add_init(app, chosen_here);
  add_doctor(app, chosen_here);
  add_new_device(app, chosen_here);
  add_completion(app, chosen_here);
  add_identity(app, chosen_here);
  add_trust(app, chosen_here);
  add_pair(app, chosen_here);
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_descriptors();
  CLI::App app("Looks at a running dKVM kernel and steers it", "dkvmctl");
  Options options;
  Command chosen;
  LocalCommand chosen_here;
  add_options(app, options);
  add_commands(app, chosen, chosen_here);
  if (argc > 1 && std::string_view(argv[1]) == kCompleteWord) {
    const std::vector<std::string> words(argv + 2, argv + argc);
    return print_completions(app, words);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const auto words = std::span(argv, static_cast<std::size_t>(argc));
    return end_without_command(app, error, asks_for_json(words));
  }
  return run(options, chosen_here ? chosen_here : at_kernel(options, chosen));
}
