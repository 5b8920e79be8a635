// mouse8k: an 8 kHz mouse into a sink that has fallen asleep. The stream runs
// through the kernel and into a bare reader in turns, second by second, so that
// the sink sleeps twice as long as it is sent events.

#include "tools/bench/harness/chain.hpp"
#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/harness/mouse_stream.hpp"
#include "tools/bench/harness/scenario.hpp"
#include "tools/bench/harness/usage.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace dkvm::bench {
namespace {

using std::chrono::milliseconds;

constexpr int kSeconds = 10;
constexpr milliseconds kRound{1000};
constexpr milliseconds kWarmUp{500};
constexpr milliseconds kReadyTimeMax{10'000};
constexpr milliseconds kReportTimeMax{5'000};
constexpr milliseconds kCatchUpTimeMax{10'000};  // of the sink, once it is awake
constexpr milliseconds kLookEvery{50};
constexpr double kKiB = 1024;

// The stream of 10 s is 80,000 frames of about 100 bytes: kept, they would be 8 MiB.
constexpr double kGrowthKibMax = 1024;

class Mouse8k {
 public:
  Mouse8k(const Options& options, const TemporaryFolder& folder, Conductor& conductor)
      : options_(options), folder_(folder), conductor_(conductor) {
    report_.scenario = "mouse8k";
    report_.tables = {{"8 kHz mouse",
                       {{"cpu_us_per_event", "cpu µs/event", 3},
                        {"switches_per_event", "runs/event", 2},
                        {"rss_kib", "KiB", 0}},
                       {}}};
  }

  Result<Report> run() {
    DKVM_CHECK(start());
    DKVM_CHECK(conductor_.order(kernel_.sink, {Order::Kind::stall, 0, 0, 0}));
    DKVM_TRY(const Usage before, read_usage(kernel_.middle));
    double growth_bytes = 0;
    for (int i = 0; i < rounds_of(kSeconds, options_); ++i) {
      options_.progress(fmt::format("second {}", i + 1));
      for (const Chain* chain : {&kernel_, &bare_})
        DKVM_CHECK(place(conductor_, *chain, i % 2 == 0 ? Placement::apart : Placement::together));
      DKVM_CHECK(round("dkvm, its sink asleep", kernel_, &sent_));
      DKVM_CHECK(round("bare reader", bare_, nullptr));
      DKVM_TRY(const Usage now, read_usage(kernel_.middle));
      growth_bytes = std::max(
          growth_bytes, static_cast<double>(now.rss_bytes) - static_cast<double>(before.rss_bytes));
    }
    DKVM_CHECK(wake_up());
    judge(growth_bytes / kKiB);
    return std::move(report_);
  }

 private:
  Result<> start() {
    KernelPlan plan;
    plan.devices = {{"mouse", "mouse-source", ""}, {"sleeper", "mouse-sink", ", health: off"}};
    plan.pipelines = {"{name: mouse, from: mouse, to: sleeper}"};
    kernel_ = Chain{"dkvm", "mouse", "sleeper", 0, {}, {}};
    DKVM_TRY(kernel_.kernel, KernelRun::start(folder_, conductor_, "mouse8k", plan));
    kernel_.middle = kernel_.kernel->pid();
    const std::vector<std::string> names = {kernel_.source, kernel_.sink};
    if (auto ready = conductor_.await(names, kReadyTimeMax); !ready)
      return fail(std::move(ready).error().within("the kernel says:" + kernel_.kernel->log_tail()));
    DKVM_TRY(bare_, start_raw_mouse(conductor_));
    DKVM_CHECK(stream(kernel_, kWarmUp));
    DKVM_CHECK(stream(bare_, kWarmUp));
    return {};
  }

  Result<Outcome> stream(const Chain& chain, milliseconds duration) {
    const auto duration_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(duration).count());
    DKVM_CHECK(conductor_.order(chain.source, {Order::Kind::produce, 0, kMouseHz, duration_ns}));
    DKVM_TRY(const Answer answer, conductor_.answer(chain.source, duration + kReportTimeMax));
    return answer.outcome;
  }

  Result<> round(const std::string& name, const Chain& chain, Outcome* sent) {
    DKVM_TRY(const Usage before, read_usage(chain.middle));
    DKVM_TRY(const Outcome outcome, stream(chain, length_of(kRound, kSeconds, options_)));
    DKVM_TRY(const Usage after, read_usage(chain.middle));
    const auto events = static_cast<double>(outcome.events + outcome.buttons);
    Row& row = report_.tables[0].row(name);
    row.add("cpu_us_per_event", static_cast<double>(after.cpu_ns - before.cpu_ns) / 1e3 / events);
    row.add("switches_per_event", static_cast<double>(after.switches - before.switches) / events);
    row.add("rss_kib", static_cast<double>(after.rss_bytes) / kKiB);
    if (sent == nullptr) return {};
    sent->buttons += outcome.buttons;
    sent->events += outcome.events;
    sent->travel += outcome.travel;
    return {};
  }

  // The sink reads again, until it has everything or nothing more comes.
  Result<> wake_up() {
    const std::uint64_t end_ns =
        now_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds(kCatchUpTimeMax).count());
    do {
      DKVM_CHECK(conductor_.order(kernel_.sink, {Order::Kind::tally, 0, 0, 0}));
      DKVM_TRY(const Answer answer, conductor_.answer(kernel_.sink, kReportTimeMax));
      came_ = answer.outcome;
      if (came_.buttons >= sent_.buttons && came_.travel >= sent_.travel) return {};
      DKVM_CHECK(sleep_for(kLookEvery));
    } while (now_ns() < end_ns);
    return {};
  }

  void judge(double growth_kib) {
    Table& table = report_.tables[0];
    const auto at_most = Bound::at_most;
    const double lost = static_cast<double>(sent_.buttons) - static_cast<double>(came_.buttons);
    report_.goals = {ratio_goal("cpu_to_bare", "kernel cpu to a bare reader's", at_most, 1.3,
                                table.row("dkvm, its sink asleep"), table.row("bare reader"),
                                "cpu_us_per_event"),
                     {"memory",
                      "growth of the kernel's memory while the sink sleeps",
                      at_most,
                      kGrowthKibMax,
                      "KiB",
                      Series({growth_kib}),
                      {}},
                     {"buttons",
                      "buttons lost",
                      at_most,
                      0,
                      "",
                      Series({std::max(lost, 0.0) + static_cast<double>(came_.disorders)}),
                      {}},
                     {"travel",
                      "motion lost, as a share of its length",
                      at_most,
                      0,
                      "",
                      Series({1 - came_.travel / sent_.travel}),
                      {}}};
    report_.notes.push_back(fmt::format(
        "{} buttons and {} motions were sent; {} buttons and {} motions came, {} out of order",
        sent_.buttons, sent_.events, came_.buttons, came_.events, came_.disorders));
  }

  const Options& options_;
  const TemporaryFolder& folder_;
  Conductor& conductor_;
  Report report_;
  Chain kernel_;
  Chain bare_;
  Outcome sent_;
  Outcome came_;
};

}  // namespace

Result<Report> run_mouse8k(const Options& options) {
  DKVM_TRY(const TemporaryFolder folder, TemporaryFolder::make());
  DKVM_TRY(Conductor conductor, Conductor::listen(folder.file("control")));
  return Mouse8k(options, folder, conductor).run();
}

}  // namespace dkvm::bench
