#include "tools/dkvmctl/ctl.hpp"

#include <fmt/format.h>

#include <iostream>
#include <iterator>
#include <memory>

namespace dkvm::ctl {
namespace {

struct CallOptions {
  std::string target;
  std::string method;
  std::string params = "{}";
};

// Before a kernel is looked for.
std::string check_params(const std::string& text) {
  return text == "-" || Json::accept(text) ? ""
                                           : "these parameters are not JSON: " + printable(text);
}

Called<> call(Ctl& ctl, const CallOptions& options) {
  std::string params = options.params;
  if (params == "-") params.assign(std::istreambuf_iterator<char>(std::cin), {});
  if (!Json::accept(params))
    return fail(
        CallError{CallError::Kind::usage, Error(Errc::invalid, "stdin is not JSON"), {}, {}});
  DKVM_TRY(const Json answer, ctl.client.call(options.target, options.method, params, ctl.timeout));
  ctl.screen.document(answer);
  return {};
}

std::string names_text(const char* what, const Json& names, Tone tone, const Style& style) {
  if (names.empty()) return {};
  return fmt::format("{}  {}\n", style.paint(fmt::format("{:<8}", what), tone),
                     printable(joined(names)));
}

Called<> reload(Ctl& ctl) {
  DKVM_TRY(const Json answer, ctl.kernel("kernel.reload"));
  Screen& screen = ctl.screen;
  if (screen.json()) {
    screen.document(answer);
    return {};
  }
  std::string text =
      names_text("started", list_of(answer, "started"), Tone::good, screen.style()) +
      names_text("changed", list_of(answer, "changed"), Tone::careful, screen.style()) +
      names_text("stopped", list_of(answer, "stopped"), Tone::faint, screen.style());
  if (const Json& waiting = list_of(answer, "needs_restart"); !waiting.empty())
    text += fmt::format("only a restart of the kernel changes {}\n", printable(joined(waiting)));
  if (const auto count = count_of(answer, "pipelines_changed"); count != 0)
    text += fmt::format("{} {} changed\n", count, count == 1 ? "pipeline" : "pipelines");
  if (const Json& switches = list_of(answer, "switches_changed"); !switches.empty())
    text += fmt::format("{} {} changed\n", switches.size() == 1 ? "switch" : "switches",
                        printable(joined(switches)));
  screen.print(text.empty() ? "nothing has changed\n" : text);
  return {};
}

}  // namespace

void add_calls(CLI::App& app, Command& chosen) {
  auto* command =
      app.add_subcommand("call", "Any method of the kernel or of a device")->group(kGroupSteer);
  const auto options = std::make_shared<CallOptions>();  // lives as long as the parser's callback
  command->add_option("TARGET", options->target, "kernel, a device, or link/peer:device")
      ->required()
      ->type_name("CALLEE");
  command->add_option("METHOD", options->method, "such as devices.get")
      ->required()
      ->type_name("METHOD");
  command->add_option("JSON", options->params, "its parameters; - reads them from stdin")
      ->check(check_params)
      ->type_name("TEXT");
  command->callback(
      [&chosen, options] { chosen = [options](Ctl& ctl) { return call(ctl, *options); }; });
  app.add_subcommand("reload", "Read the configuration again; a bad one changes nothing")
      ->group(kGroupSteer)
      ->callback([&chosen] { chosen = reload; });
}

}  // namespace dkvm::ctl
