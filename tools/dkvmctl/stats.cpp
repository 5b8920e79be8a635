#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/interrupt.hpp"
#include "tools/dkvmctl/interval.hpp"
#include "tools/dkvmctl/overview.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace dkvm::ctl {
namespace {

struct StatsOptions {
  std::string interval = "1s";
  bool follow = false;
};

void show(Screen& screen, const Sample& before, const Sample& now, bool follow) {
  const Rates rates(before, now);
  if (screen.json())
    return follow ? screen.json_line(overview_json(now, rates))
                  : screen.document(overview_json(now, rates));
  screen.print(fmt::format("{}\n{}\n{}{}", kernel_lines(now, rates),
                           device_lines(now, rates, SortBy::name, screen.style()),
                           edge_lines(now, rates, screen.style()), follow ? "\n" : ""));
}

Called<> show_stats(Ctl& ctl, const StatsOptions& options) {
  const Interrupt interrupt;
  const auto pause = *parse_timeout(options.interval);
  DKVM_TRY(Sample before, take_sample(ctl));
  do {
    if (interrupt.wait(pause)) break;
    DKVM_TRY(Sample now, take_sample(ctl));
    show(ctl.screen, before, now, options.follow);
    before = std::move(now);
  } while (options.follow && ctl.screen.flush());
  return {};
}

}  // namespace

void add_stats(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand("stats", "Everything at a glance, with rates by the second")
                      ->group(kGroupLook);
  const auto options = std::make_shared<StatsOptions>();  // lives as long as the parser's callback
  add_interval_option(*command, options->interval);
  command->add_flag("-f,--follow", options->follow, "again and again, until Ctrl-C");
  command->callback(
      [&chosen, options] { chosen = [options](Ctl& ctl) { return show_stats(ctl, *options); }; });
}

}  // namespace dkvm::ctl
