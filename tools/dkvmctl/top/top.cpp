#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/interrupt.hpp"
#include "tools/dkvmctl/interval.hpp"
#include "tools/dkvmctl/overview.hpp"
#include "tools/dkvmctl/top/terminal.hpp"
#include "tools/dkvmctl/top/view.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace dkvm::ctl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kCtrlC = '\x03';

struct TopOptions {
  std::string interval = "1s";
  std::string sort = "cpu";
  bool once = false;
};

// One look, for those who have no terminal to draw on.
Called<> show_once(Ctl& ctl, const TopOptions& options) {
  const Interrupt interrupt;
  DKVM_TRY(const Sample before, take_sample(ctl));
  if (interrupt.wait(*parse_timeout(options.interval))) return {};
  DKVM_TRY(const Sample now, take_sample(ctl));
  const Rates rates(before, now);
  Screen& screen = ctl.screen;
  if (screen.json()) {
    screen.document(overview_json(now, rates));
  } else {
    screen.print(kernel_lines(now, rates) + "\n" +
                 device_lines(now, rates, *sort_named(options.sort), screen.style()) + "\n" +
                 edge_lines(now, rates, screen.style()));
  }
  return {};
}

// What is drawn, and when it is to be taken anew.
class Live {
 public:
  Live(Ctl& ctl, const Terminal& terminal, const TopOptions& options)
      : ctl_(ctl),
        terminal_(terminal),
        pause_(*parse_timeout(options.interval)),
        by_(*sort_named(options.sort)) {}

  Called<> begin() {
    DKVM_TRY(before_, take_sample(ctl_));
    now_ = before_;
    draw();
    // The first rates come soon, whatever the interval.
    due_ = Clock::now() + std::min(pause_, kFirstPause);
    return {};
  }

  // False when it is over.
  Called<bool> turn() {
    char key = 0;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_ - Clock::now());
    switch (terminal_.wait(std::max(left, std::chrono::milliseconds(0)), key)) {
      case Terminal::Wake::ended: return false;
      case Terminal::Wake::key:
        if (key == 'q' || key == kCtrlC) return false;
        if (const auto by = sort_of_key(key)) by_ = *by;
        break;
      case Terminal::Wake::resized: break;
      case Terminal::Wake::time: DKVM_CHECK(look()); break;
    }
    draw();
    return true;
  }

 private:
  static constexpr std::chrono::milliseconds kFirstPause{300};

  Called<> look() {
    DKVM_TRY(Sample next, take_sample(ctl_));
    before_ = std::exchange(now_, std::move(next));
    due_ = Clock::now() + pause_;
    return {};
  }

  void draw() const {
    const Terminal::Size size = terminal_.size();
    const Rates rates(before_, now_);
    terminal_.draw(top_view(now_, rates, by_, ctl_.screen.style(), size.columns, size.rows));
  }

  Ctl& ctl_;
  const Terminal& terminal_;
  std::chrono::milliseconds pause_;
  SortBy by_;
  Sample before_;
  Sample now_;
  Clock::time_point due_{};
};

Called<> show_live(Ctl& ctl, const TopOptions& options) {
  const Terminal terminal;
  ctl.client.interrupted_by(terminal.ends_fd());
  Live live(ctl, terminal, options);
  const auto done = [&]() -> Called<> {
    DKVM_CHECK(live.begin());
    for (;;) {
      DKVM_TRY(const bool goes_on, live.turn());
      if (!goes_on) return {};
    }
  }();
  ctl.client.interrupted_by(-1);
  char key = 0;
  // A call that a signal cut short is no failure.
  const bool told = terminal.wait(std::chrono::milliseconds(0), key) == Terminal::Wake::ended;
  return told ? Called<>{} : done;
}

Called<> show_top(Ctl& ctl, const TopOptions& options) {
  if (options.once || ctl.screen.json()) return show_once(ctl, options);
  if (auto fine = Terminal::check(); !fine)
    return fail(CallError{CallError::Kind::usage, std::move(fine).error(), {}, {}});
  return show_live(ctl, options);
}

}  // namespace

void add_top(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand("top", "The same, live in the terminal")->group(kGroupLook);
  const auto options = std::make_shared<TopOptions>();  // lives as long as the parser's callback
  add_interval_option(*command, options->interval);
  std::vector<std::string> names;
  for (const SortKey& each : kSortKeys) names.emplace_back(each.name);
  command->add_option("--sort", options->sort, "what devices are sorted by; a key changes it")
      ->check(CLI::IsMember(names))
      ->type_name("KEY")
      ->capture_default_str();
  command->add_flag("--once", options->once, "one look, printed");
  command->callback(
      [&chosen, options] { chosen = [options](Ctl& ctl) { return show_top(ctl, *options); }; });
}

}  // namespace dkvm::ctl
