// Hand-off: from publish to the sink's callback. The same kernel and the same
// devices pass frames with buffers and plain events in turns; the plain source
// writes as many bytes into memory of its own, and its sinks read as many of a
// memory that they share.

#include "tools/bench/frames/parts.hpp"
#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/harness/statistics.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace dkvm::bench {
namespace {

struct Size {
  const char* name;
  std::uint64_t bytes;
};
constexpr std::array kSizes = {Size{"64 B", 64}, Size{"1080p BGRX", 1920 * 1080 * 4},
                               Size{"4K BGRX", 3840 * 2160 * 4},
                               Size{"32 MiB", kLargestFrameBytes}};
constexpr std::array kConsumers = {1, 2, 4, 8};

// How often, and how many frames each time.
struct Laps {
  int laps;
  int frames;
};
constexpr Laps kLapsOfPages{4, 14};
constexpr Laps kLapsOfAll{2, 6};
constexpr int kFramesMin = 3;
constexpr std::uint64_t kWarmUpFrames = 4;
constexpr std::chrono::milliseconds kPoolsCloseTime{250};  // until those of the last size are freed

// At most this often, and so seldom that the processors are mostly idle: what is
// measured is the hand-off, not waiting for who writes or reads pixels.
constexpr double kRateHzMax = 30;
constexpr double kTouchedBytesPerSecond = 1.5e9;
constexpr int kRoundsOfOne = 2;  // times as many with one consumer

constexpr std::array kRows = {"", "relay_", "iceoryx_"};
constexpr const char* kBesideRow = "beside_p50_us";

double rate_for(std::uint64_t bytes, int consumers, Reading reading) {
  const int touching = 1 + (reading == Reading::all ? consumers : 0);
  return std::min(kRateHzMax, kTouchedBytesPerSecond / static_cast<double>(bytes) / touching);
}

class Handoff {
 public:
  explicit Handoff(FramesBench& bench) : bench_(bench) {
    bench_.report.tables.push_back(table("hand-off, one word a page is read"));
    bench_.report.tables.push_back(table("hand-off, every byte is read"));
  }

  Result<> run() {
    for (const int consumers : kConsumers) DKVM_CHECK(measure(consumers));
    judge();
    return {};
  }

 private:
  static Table table(const char* title) {
    return {title,
            {{"rate_hz", "Hz", 0},
             {"p50_us", "p50 µs", 1},
             {"relay_p50_us", "relay", 1},
             {"iceoryx_p50_us", "iceoryx", 1},
             {kBesideRow, "64 B beside", 1},
             {"p99_us", "p99 µs", 0},
             {"relay_p99_us", "relay", 0},
             {"iceoryx_p99_us", "iceoryx", 0},
             {"cpu_us_per_frame", "kernel µs/frame", 1},
             {"relay_cpu_us_per_frame", "relay", 1},
             {"lost", "lost", 0}},
            {}};
  }
  static std::string row_name(const Size& size, int consumers) {
    return fmt::format("{} to {}", size.name, consumers);
  }

  Result<> measure(int consumers) {
    DKVM_TRY(const FrameDesk ours,
             start_frame_desk(bench_, fmt::format("desk-{}", consumers), consumers));
    DKVM_CHECK(place(bench_.conductor, ours, true));
    const auto iceoryx = iceoryx_for(consumers);
    const auto laps = [&](Laps wanted, Reading reading) -> Result<> {
      const double share = std::min(1.0, wanted.laps * bench_.options.scale);
      const int frames = std::max(kFramesMin, static_cast<int>(wanted.frames * share));
      const int rounds = rounds_of(wanted.laps, bench_.options);
      // Sizes are compared with each other where there is one consumer.
      for (int lap = 0; lap < (consumers == 1 ? kRoundsOfOne : 1) * rounds; ++lap)
        for (const Size& size : kSizes)
          DKVM_CHECK(turn(size, consumers, reading, frames, ours, iceoryx ? &*iceoryx : nullptr));
      return {};
    };
    DKVM_CHECK(laps(kLapsOfPages, Reading::pages));
    return laps(kLapsOfAll, Reading::all);
  }

  // An iceoryx that cannot be started is a note, not an end.
  std::optional<FrameDesk> iceoryx_for(int consumers) {
    if (iceoryx_fails_) return std::nullopt;
    auto desk = start_iceoryx_desk(bench_, consumers);
    if (desk && place(bench_.conductor, *desk, false)) return std::move(*desk);
    iceoryx_fails_ = true;
    bench_.report.notes.push_back("iceoryx: " +
                                  (desk ? "it cannot be placed" : desk.error().message()));
    return std::nullopt;
  }

  Result<> turn(const Size& size, int consumers, Reading reading, int frames, const FrameDesk& ours,
                const FrameDesk* iceoryx) {
    bench_.options.progress(row_name(size, consumers));
    const double rate_hz = rate_for(size.bytes, consumers, reading);
    Row& row =
        bench_.report.tables[static_cast<std::size_t>(reading)].row(row_name(size, consumers));
    row.add("rate_hz", rate_hz);
    for (std::size_t i = 0; i < kRows.size(); ++i) {
      const FrameDesk* desk = i == 2 ? iceoryx : &ours;
      if (desk == nullptr) continue;
      FrameBatch batch{i != 1, size.bytes, 0, kWarmUpFrames, kRateHzMax, reading};
      DKVM_CHECK(run_frames(bench_, *desk, batch));
      if (i == 0) DKVM_CHECK(sleep_for(kPoolsCloseTime));
      batch.count = static_cast<std::uint64_t>(frames);
      batch.rate_hz = rate_hz;
      DKVM_TRY(FrameRound round, run_frames(bench_, *desk, batch));
      const std::string prefix = kRows[i];
      row.add(prefix + "p50_us", quantile(round.latencies_us, 0.5));
      row.add(prefix + "p99_us", quantile(round.latencies_us, 0.99));
      row.add(prefix + "cpu_us_per_frame", round.cpu_us_per_frame);
      if (i == 0) row.add("lost", static_cast<double>(round.lost));
    }
    return consumers == 1 ? least_beside(size, reading, frames, ours, row) : Result<>{};
  }

  // The least that can be handed off, by ends that write and read as much as this size
  // has, of their own: what the size costs without being handed off.
  Result<> least_beside(const Size& size, Reading reading, int frames, const FrameDesk& ours,
                        Row& row) {
    FrameBatch batch;
    batch.bytes = kSizes[0].bytes;
    batch.beside = size.bytes;
    batch.count = kWarmUpFrames;
    batch.rate_hz = kRateHzMax;
    batch.reading = reading;
    DKVM_CHECK(run_frames(bench_, ours, batch));
    DKVM_CHECK(sleep_for(kPoolsCloseTime));
    batch.count = static_cast<std::uint64_t>(frames);
    batch.rate_hz = rate_for(size.bytes, 1, reading);
    DKVM_TRY(FrameRound round, run_frames(bench_, ours, batch));
    row.add(kBesideRow, quantile(round.latencies_us, 0.5));
    return {};
  }

  void judge() {
    Table& table = bench_.report.tables[static_cast<std::size_t>(Reading::pages)];
    for (const int consumers : kConsumers) {
      Goal goal{fmt::format("handoff_to_relay_{}", consumers),
                fmt::format("hand-off to {}, p50 to the plain relay's", consumers),
                Bound::at_most,
                1.3,
                "x",
                {},
                {}};
      for (const Size& size : kSizes) {
        const Row& row = table.row(row_name(size, consumers));
        const Series ratios = ratio(row.at("p50_us"), row.at("relay_p50_us"));
        for (const double each : ratios.rounds()) goal.measured.add(each);
      }
      bench_.report.goals.push_back(std::move(goal));
    }
    // With more consumers than one, who is called last waits for those who read.
    const Series& least = table.row(row_name(kSizes[0], 1)).at("p50_us");
    double deviation = 0;
    for (const Size& size : kSizes) {
      const Series ratios = ratio(table.row(row_name(size, 1)).at("p50_us"), least);
      deviation = std::max(deviation, 100 * std::abs(ratios.median() - 1));
    }
    bench_.report.goals.push_back({"handoff_flat",
                                   "p50 of any size to that of 64 B, to 1",
                                   Bound::at_most,
                                   10,
                                   "% off",
                                   Series({deviation}),
                                   {}});
  }

  FramesBench& bench_;
  bool iceoryx_fails_ = false;
};

}  // namespace

Result<> measure_handoff(FramesBench& bench) { return Handoff(bench).run(); }

}  // namespace dkvm::bench
