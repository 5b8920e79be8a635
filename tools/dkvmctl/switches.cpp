#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/pages.hpp"
#include "tools/dkvmctl/switch_text.hpp"
#include "tools/dkvmctl/table.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

namespace dkvm::ctl {
namespace {

struct Options {
  std::vector<std::string> words;  // [SWITCH] TARGET
  bool lock = false;
  bool unlock = false;
};

Called<> list_switches(Ctl& ctl) {
  DKVM_TRY(const Json switches, all_pages(ctl, "pipelines.switches", Json::object(), "switches"));
  if (ctl.screen.json()) {
    ctl.screen.document({{"switches", switches}});
    return {};
  }
  Table table({{"SWITCH"}, {"TARGET"}, {"STATE"}, {"TO"}, {"REASON"}});
  for (const Json& each : switches) {
    const std::string here = text_of(each, "target");
    for (const Json& target : list_of(each, "targets")) {
      const std::string name = text_of(target, "name");
      const bool has_input = name == here;
      const bool locked = has_input && flag_of(each, "locked");
      const std::string state =
          has_input ? (locked ? "active, locked" : "active") : text_of(target, "state");
      table.row({text_of(each, "name"),
                 name,
                 {state, has_input ? Tone::good : tone_of_state(state)},
                 text_of(target, "to"),
                 has_input ? text_of(each, "reason") : ""});
    }
  }
  ctl.screen.print(table.empty() ? "no switches\n" : table.render(ctl.screen.style()));
  return {};
}

Called<> select(Ctl& ctl, const Options& options) {
  if (options.words.empty()) return list_switches(ctl);
  Json params = {{"target", options.words.back()}};
  if (options.words.size() == 2) params["switch"] = options.words.front();
  if (options.lock || options.unlock) params["lock"] = options.lock;
  DKVM_TRY(const Json answer, ctl.kernel("pipelines.select", params));
  if (ctl.screen.json())
    ctl.screen.document(answer);
  else
    ctl.screen.print(fmt::format("{}: {}\n", printable(text_of(answer, "switch")),
                                 printable(holder_text(answer))));
  return {};
}

}  // namespace

void add_switches(CLI::App& app, Command& chosen) {
  auto* command =
      app.add_subcommand("switch", "Give the input to a target; without one: who has it")
          ->group(kGroupSteer);
  const auto options = std::make_shared<Options>();  // lives as long as the parser's callback
  command
      ->add_option("[SWITCH] TARGET", options->words,
                   "the switch, where there are several, and its target")
      ->type_name("TARGET")
      ->expected(0, 2);
  auto* lock = command->add_flag("--lock", options->lock, "and stay there");
  command->add_flag("--unlock", options->unlock, "and no longer stay there")->excludes(lock);
  command->callback([&chosen, options] {
    if (options->words.empty() && (options->lock || options->unlock))
      throw CLI::RequiredError("TARGET");
    chosen = [options](Ctl& ctl) { return select(ctl, *options); };
  });
}

}  // namespace dkvm::ctl
