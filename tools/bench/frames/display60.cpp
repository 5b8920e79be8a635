// 4K at 60 frames a second to three sinks, then with one of them stopped.

#include "tools/bench/frames/parts.hpp"
#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/harness/statistics.hpp"

#include <fmt/format.h>

#include <signal.h>

namespace dkvm::bench {
namespace {

constexpr int kSinks = 3;
constexpr int kRounds = 3;
constexpr std::uint64_t kFrames = 120;
constexpr double kRateHz = 60;
constexpr std::uint64_t kBytes = 3840 * 2160 * 4;

// Goes on, whatever happens meanwhile.
class Stopped {
 public:
  explicit Stopped(pid_t pid) : pid_(pid) { ::kill(pid_, SIGSTOP); }
  ~Stopped() { ::kill(pid_, SIGCONT); }
  Stopped(const Stopped&) = delete;
  Stopped& operator=(const Stopped&) = delete;

 private:
  pid_t pid_;
};

class Display60 {
 public:
  explicit Display60(FramesBench& bench)
      : bench_(bench),
        table_{"4K at 60 Hz",
               {{"cpu_percent", "kernel cpu %", 3},
                {"lost", "lost", 0},
                {"exhausted", "no slot", 0},
                {"late", "source late", 0},
                {"p50_us", "p50 µs", 1},
                {"p99_us", "p99 µs", 0}},
               {}} {}

  Result<> run() {
    DKVM_TRY(FrameDesk desk, start_frame_desk(bench_, "display", kSinks, ", health: off"));
    DKVM_CHECK(run_frames(bench_, desk, {.bytes = kBytes, .count = 10, .rate_hz = kRateHz}));
    for (int i = 0; i < rounds_of(kRounds, bench_.options); ++i)
      DKVM_CHECK(round("to 3 sinks", desk));
    const Stopped stopped(bench_.conductor.introduction(desk.sinks.back()).pid);
    desk.sinks.pop_back();
    for (int i = 0; i < rounds_of(kRounds, bench_.options); ++i)
      DKVM_CHECK(round("to 2, a third stopped", desk));
    judge();
    return {};
  }

 private:
  Result<> round(const char* name, const FrameDesk& desk) {
    bench_.options.progress(fmt::format("4K60 {}", name));
    FrameBatch batch{.bytes = kBytes, .count = kFrames, .rate_hz = kRateHz};
    batch.count = std::max<std::uint64_t>(
        20, static_cast<std::uint64_t>(static_cast<double>(kFrames) *
                                       std::min(1.0, bench_.options.scale * kRounds)));
    DKVM_TRY(FrameRound round, run_frames(bench_, desk, batch));
    Row& row = table_.row(name);
    row.add("cpu_percent", round.cpu_percent);
    row.add("lost", static_cast<double>(round.lost));
    row.add("exhausted", static_cast<double>(round.source.exhausted));
    row.add("late", static_cast<double>(round.source.late));
    row.add("p50_us", quantile(round.latencies_us, 0.5));
    row.add("p99_us", quantile(round.latencies_us, 0.99));
    return {};
  }

  // Of all rounds together: one frame is one too many.
  static Series sum(const Series& rounds) {
    double all = 0;
    for (const double each : rounds.rounds()) all += each;
    return Series({all});
  }

  void judge() {
    const Row& three = table_.row("to 3 sinks");
    const Row& two = table_.row("to 2, a third stopped");
    const auto at_most = Bound::at_most;
    auto& goals = bench_.report.goals;
    goals.push_back({"4k60_cpu",
                     "kernel's processor time for 4K60 to 3",
                     at_most,
                     1,
                     "%",
                     three.at("cpu_percent"),
                     {}});
    goals.push_back(
        {"4k60_lost", "frames lost, 4K60 to 3", at_most, 0, "", sum(three.at("lost")), {}});
    goals.push_back({"4k60_stopped_lost",
                     "frames lost to 2, a third stopped",
                     at_most,
                     0,
                     "",
                     sum(two.at("lost")),
                     {}});
    bench_.report.tables.push_back(std::move(table_));
  }

  FramesBench& bench_;
  Table table_;
};

}  // namespace

Result<> measure_4k60(FramesBench& bench) { return Display60(bench).run(); }

}  // namespace dkvm::bench
