// desk: a real desk of two screens, beside Barrier (keys, mouse), TigerVNC and
// GStreamer (screen).

#include "tools/bench/desk/painter.hpp"
#include "tools/bench/desk/rounds.hpp"
#include "tools/bench/harness/interrupt.hpp"

#include <fmt/format.h>

namespace dkvm::bench {
namespace {

using std::chrono::milliseconds;

constexpr int kLaps = 5;
constexpr int kKeys = 150;
constexpr int kPixels = 500;
constexpr int kChanges = 40;
constexpr int kGlassFps = 60;
constexpr int kMovingFps = 30;
constexpr double kShownShareMin = 0.95;
constexpr milliseconds kWork{8000};
constexpr milliseconds kSettle{1500};

constexpr const char* kOurs = "dkvm";
constexpr const char* kBarrier = "barrier";
constexpr const char* kVnc = "tigervnc";
constexpr const char* kGstreamer = "gstreamer";

Table latency_table(const char* title) {
  return {title,
          {{"p50_us", "p50 µs", 0},
           {"p99_us", "p99 µs", 0},
           {"max_us", "max µs", 0},
           {"lost", "lost", 0}},
          {}};
}

class DeskScenario {
 public:
  explicit DeskScenario(LinkBench& bench)
      : bench_(bench),
        keys_(latency_table("a key, hand to far screen")),
        motion_(latency_table("the mouse at 1 kHz")),
        glass_(latency_table("a change of the far screen, seen on the near one")),
        work_{"processor time",
              {{"cpu", "% of a processor", 1}, {"shown", "pictures/s shown", 1}},
              {}} {}

  Result<> run() {
    DKVM_CHECK(measure_input());
    DKVM_CHECK(measure_glass());
    DKVM_CHECK(measure_static());
    DKVM_CHECK(measure_moving());
    judge();
    return {};
  }

 private:
  // A peer that is not installed is a row that says so.
  Result<std::optional<Contender>> start(Table& table, const char* name,
                                         const std::function<Result<Contender>()>& begin) {
    auto contender = begin();
    if (contender) return std::optional(std::move(*contender));
    if (contender.error().code() != Errc::not_found) return fail(std::move(contender).error());
    table.row(name).note = contender.error().message();
    return std::optional<Contender>();
  }
  Result<std::optional<Contender>> start_ours(Table& table) {
    const std::string name = fmt::format("dkvm-{}", ++desks_);
    return start(table, kOurs, [&] { return start_dkvm(bench_, name); });
  }

  // Both are over at their far screens all the time, and take turns.
  Result<> measure_input() {
    DKVM_TRY(auto ours, start_ours(keys_));
    DKVM_TRY(auto barrier, start(keys_, kBarrier, [&] { return start_barrier(bench_); }));
    for (const auto* each : {&ours, &barrier})
      if (*each) DKVM_CHECK(tell_why(**each, go_over(**each)));
    for (int lap = 0; lap < rounds_of(kLaps, bench_.options); ++lap)
      for (const auto* each : {&ours, &barrier}) {
        if (!*each) continue;
        const Contender& contender = **each;
        bench_.options.progress(fmt::format("keys and mouse: {}", contender.name));
        DKVM_TRY(DeskRound keys, type_keys(contender, kKeys));
        keys.add_to(keys_.row(contender.name));
        DKVM_TRY(DeskRound motion, move_mouse(contender, kPixels));
        motion.add_to(motion_.row(contender.name));
      }
    return {};
  }

  // One at a time: GStreamer works all the time.
  Result<> measure_glass() {
    for (int lap = 0; lap < rounds_of(kLaps, bench_.options); ++lap) {
      for (const char* name : {kOurs, kVnc, kGstreamer}) {
        DKVM_TRY(auto contender, name == kOurs ? start_ours(glass_) : start_viewer(glass_, name));
        if (!contender) continue;
        bench_.options.progress(fmt::format("the screen: {}", name));
        auto round = watch_mark(*contender, kChanges);
        if (!round) return tell_why(*contender, fail(std::move(round).error()));
        round->add_to(glass_.row(name));
      }
    }
    return {};
  }
  Result<std::optional<Contender>> start_viewer(Table& table, const char* name) {
    return start(table, name, [&] {
      return name == kVnc ? start_vnc(bench_) : start_gstreamer(bench_, kGlassFps);
    });
  }

  Result<> measure_static() {
    DKVM_TRY(auto ours, start_ours(work_));
    if (!ours) return {};
    bench_.options.progress("a screen where nothing moves");
    DKVM_TRY(Painter painter, Painter::at(ours->far->display()));
    DKVM_CHECK(sleep_for(kSettle));
    DKVM_TRY(const Work work, measure_work(*ours, [] { return sleep_for(kWork); }));
    add_work("at rest", work);
    static_.add(work.total);
    return {};
  }

  Result<> measure_moving() {
    for (int lap = 0; lap < rounds_of(2, bench_.options); ++lap) {
      for (const char* name : {kOurs, kGstreamer}) {
        DKVM_TRY(auto contender, name == kOurs ? start_ours(work_) : start(work_, name, [&] {
                   return start_gstreamer(bench_, kMovingFps);
                 }));
        if (!contender) continue;
        bench_.options.progress(fmt::format("1080p30 that moves: {}", name));
        auto shown = watch_mark(*contender, 2);  // until the picture is there
        if (!shown) return tell_why(*contender, fail(std::move(shown).error()));
        DKVM_TRY(Painter painter, Painter::at(contender->far->display()));
        DKVM_CHECK(painter.scroll(kMovingFps, kSettle));
        double shown_per_s = 0;
        const auto scroll = [&]() -> Result<> {
          DKVM_TRY(shown_per_s,
                   count_shown(*contender, [&] { return painter.scroll(kMovingFps, kWork); }));
          return {};
        };
        DKVM_TRY(const Work work, measure_work(*contender, scroll));
        add_work(fmt::format("1080p30: {}", name), work);
        work_.row(fmt::format("1080p30: {}", name)).add("shown", shown_per_s);
      }
    }
    return {};
  }

  void add_work(const std::string& name, const Work& work) {
    std::map<std::string, double> programs;  // of one program there may be two
    for (const auto& [program, share] : work.processes) programs[program] += share;
    work_.row(name).add("cpu", work.total);
    for (const auto& [program, share] : programs)
      work_.row(fmt::format("  {}: {}", name, program)).add("cpu", share);
    work_.row(fmt::format("  {}: X servers, not counted", name)).add("cpu", work.screens);
  }

  Result<> tell_why(const Contender& contender, Result<> done) {
    if (done) return done;
    return fail(std::move(done).error().within(contender.name + contender.log_tail()));
  }

  void judge() {
    auto& goals = bench_.report.goals;
    const auto to = [&](Table& table, const char* name, const char* text, const char* peer,
                        double limit, const char* key) {
      goals.push_back(
          ratio_goal(name, text, Bound::at_most, limit, table.row(kOurs), table.row(peer), key));
    };
    to(keys_, "key_p50", "a key's p50 to Barrier's", kBarrier, 1, "p50_us");
    to(keys_, "key_p99", "a key's p99 to Barrier's", kBarrier, 1, "p99_us");
    to(motion_, "motion_p50", "motion's p50 to Barrier's", kBarrier, 1, "p50_us");
    to(motion_, "motion_p99", "motion's p99 to Barrier's", kBarrier, 1, "p99_us");
    to(glass_, "glass_to_vnc", "the screen's p50 to TigerVNC's", kVnc, 0.7, "p50_us");
    to(glass_, "glass_to_gstreamer", "the screen's p50 to GStreamer's", kGstreamer, 0.5, "p50_us");
    for (Table* table : {&keys_, &motion_, &glass_})
      goals.push_back({"lost", "lost by us: " + table->title, Bound::at_most, 0, "",
                       table->row(kOurs).at("lost"), table->row(kOurs).note});
    goals.push_back({"glass_p99", "the screen's p99", Bound::at_most, 16'000, "µs",
                     glass_.row(kOurs).at("p99_us"), glass_.row(kOurs).note});
    goals.push_back(
        {"static_cpu", "all our processes, nothing moves", Bound::at_most, 1, "%", static_, ""});
    goals.push_back(ratio_goal("moving_cpu", "1080p30, all our processes to GStreamer's",
                               Bound::at_most, 1, work_.row(fmt::format("1080p30: {}", kOurs)),
                               work_.row(fmt::format("1080p30: {}", kGstreamer)), "cpu"));
    // Who shows less has less to do.
    const Row& moving = work_.row(fmt::format("1080p30: {}", kOurs));
    goals.push_back({"moving_shown", "1080p30, pictures/s that we show", Bound::at_least,
                     kShownShareMin * kMovingFps, "", moving.at("shown"), moving.note});
    goals.push_back(ratio_goal("moving_shown_ratio", "1080p30, pictures/s shown to GStreamer's",
                               Bound::at_least, kShownShareMin, moving,
                               work_.row(fmt::format("1080p30: {}", kGstreamer)), "shown"));
    for (Table* table : {&keys_, &motion_, &glass_, &work_})
      bench_.report.tables.push_back(std::move(*table));
  }

  LinkBench& bench_;
  Table keys_;
  Table motion_;
  Table glass_;
  Table work_;
  Series static_;
  int desks_ = 0;
};

}  // namespace

Result<Report> run_desk(const Options& options) {
  return run_on_bench("desk", options, [](LinkBench& bench) { return DeskScenario(bench).run(); });
}

}  // namespace dkvm::bench
