// relay: what a hop through the kernel costs, beside the least that it could
// cost and beside brokers that people use.

#include "tools/bench/harness/allocations.hpp"
#include "tools/bench/harness/chain.hpp"
#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/harness/scenario.hpp"

#include <fmt/format.h>

#include <array>
#include <functional>

namespace dkvm::bench {
namespace {

using std::chrono::milliseconds;

constexpr double kPacedHz = 5000;
constexpr int kLaps = 3;
constexpr int kPacedRoundsPerLap = 2;  // for each placement
constexpr milliseconds kPacedRound{200};
constexpr milliseconds kFlatOutRound{3000};
constexpr milliseconds kWarmUp{50};
constexpr milliseconds kShortRun{300};
constexpr milliseconds kLongRun{1200};

// What is near the raw relay's must be so wherever the system puts a process:
// those goals are judged over the rounds of all three.
struct PlacementCase {
  Placement placement;
  const char* title;
};
constexpr std::array kPlacements = {PlacementCase{Placement::apart, "5 kHz, two processors"},
                                    PlacementCase{Placement::together, "5 kHz, one processor"},
                                    PlacementCase{Placement::free, "5 kHz, anywhere"}};

constexpr std::size_t kAnywhere = 2;

constexpr const char* kOurs = "dkvm";
constexpr const char* kRaw = "raw";
constexpr const char* kZmq = "zeromq";
constexpr const char* kNng = "nng";

class Relay {
 public:
  Relay(const Options& options, const TemporaryFolder& folder, Conductor& conductor)
      : options_(options), folder_(folder), conductor_(conductor) {
    report_.scenario = "relay";
    for (const PlacementCase& each : kPlacements) report_.tables.push_back(paced_table(each.title));
    report_.tables.push_back(flat_out_table());
  }

  Result<Report> run() {
    DKVM_CHECK(start());
    for (int lap = 0; lap < rounds_of(kLaps, options_); ++lap) {
      for (int i = 0; i < kPacedRoundsPerLap; ++i)
        for (std::size_t index = 0; index < kPlacements.size(); ++index) DKVM_CHECK(paced(index));
      DKVM_CHECK(flat_out());
    }
    chains_.clear();
    DKVM_CHECK(count_allocations());
    judge();
    return std::move(report_);
  }

 private:
  static Table paced_table(const char* title) {
    return {title,
            {{"p50_us", "p50 µs", 1},
             {"p99_us", "p99 µs", 1},
             {"max_us", "max µs", 0},
             {"cpu_us_per_event", "cpu µs/event", 2},
             {"switches_per_event", "runs/event", 2}},
            {}};
  }
  static Table flat_out_table() {
    return {"flat out",
            {{"events_per_s", "events/s", 0},
             {"cpu_ns_per_event", "cpu ns/event", 0},
             {"source_cpu_ns_per_event", "its source's", 0},
             {"sink_cpu_ns_per_event", "its sink's", 0}},
            {}};
  }

  Result<> add(const std::string& name, const std::function<Result<Chain>()>& start) {
    for (Table& table : report_.tables) table.row(name);
    auto chain = start();
    if (!chain) {
      if (chain.error().code() != Errc::not_found)
        return fail(std::move(chain).error().within(name));
      for (Table& table : report_.tables) table.row(name).note = chain.error().message();
      return {};
    }
    chains_.push_back(std::move(*chain));
    return {};
  }

  Result<> start() {
    DKVM_CHECK(
        add(kOurs, [&] { return start_kernel_chain(folder_, conductor_, kOurs, "dkvm-kernel"); }));
    DKVM_CHECK(add(kRaw, [&] { return start_raw(conductor_); }));
    DKVM_CHECK(
        add(kZmq, [&] { return start_broker(folder_, conductor_, kZmq, "dkvm-bench-zmq"); }));
    DKVM_CHECK(
        add(kNng, [&] { return start_broker(folder_, conductor_, kNng, "dkvm-bench-nng"); }));
    for (const Chain& chain : chains_) {
      DKVM_CHECK(run_round(conductor_, chain, kPacedHz, kWarmUp));
      DKVM_CHECK(run_round(conductor_, chain, 0, kWarmUp));
    }
    return {};
  }

  Result<> paced(std::size_t index) {
    const auto length = length_of(kPacedRound, kLaps, options_);
    for (const Chain& chain : chains_) {
      options_.progress(fmt::format("{}: {}", kPlacements[index].title, chain.name));
      DKVM_CHECK(place(conductor_, chain, kPlacements[index].placement));
      DKVM_TRY(const Round round, run_round(conductor_, chain, kPacedHz, length));
      for (Row* row : {&report_.tables[index].row(chain.name), &everywhere_.row(chain.name)}) {
        row->add("p50_us", round.p50_us);
        row->add("p99_us", round.p99_us);
        row->add("max_us", round.max_us);
        row->add("cpu_us_per_event", round.cpu_ns_per_event / 1e3);
        row->add("switches_per_event", round.switches_per_event);
      }
    }
    return {};
  }

  Result<> flat_out() {
    for (const Chain& chain : chains_) {
      options_.progress(fmt::format("flat out: {}", chain.name));
      DKVM_CHECK(place(conductor_, chain, Placement::free));
      DKVM_TRY(const Round round,
               run_round(conductor_, chain, 0, length_of(kFlatOutRound, kLaps, options_)));
      Row& row = report_.tables.back().row(chain.name);
      row.add("events_per_s", round.rate_per_s);
      row.add("cpu_ns_per_event", round.cpu_ns_per_event);
      row.add("source_cpu_ns_per_event", round.source_cpu_ns_per_event);
      row.add("sink_cpu_ns_per_event", round.sink_cpu_ns_per_event);
    }
    return {};
  }

  // Two runs of different length: what an event allocates is the slope.
  Result<> count_allocations() {
    options_.progress("allocations");
    DKVM_TRY(const AllocationCounter counter, AllocationCounter::make(folder_));
    DKVM_TRY(const Chain chain, start_kernel_chain(folder_, conductor_, "counting",
                                                   "dkvm-kernel-counting", counter.environment()));
    DKVM_CHECK(run_round(conductor_, chain, 0, length_of(kShortRun, kLaps, options_)));
    const std::uint64_t start = counter.count();
    DKVM_TRY(const Round brief,
             run_round(conductor_, chain, 0, length_of(kShortRun, kLaps, options_)));
    const std::uint64_t middle = counter.count();
    DKVM_TRY(const Round ample,
             run_round(conductor_, chain, 0, length_of(kLongRun, kLaps, options_)));
    const auto of_brief = static_cast<double>(middle - start);
    const auto of_ample = static_cast<double>(counter.count() - middle);
    allocations_.add((of_ample - of_brief) / (ample.events - brief.events));
    report_.notes.push_back(fmt::format(
        "allocations of the kernel: {} while {:.0f} events passed, {} while {:.0f} passed",
        of_brief, brief.events, of_ample, ample.events));
    return {};
  }

  void judge() {
    Table& paced = everywhere_;
    for (const char* name : {kOurs, kRaw, kZmq, kNng})
      paced.row(name).note = report_.tables[0].row(name).note;
    Table& anywhere = report_.tables[kAnywhere];  // a broker has threads of its own to place
    Table& fast = report_.tables.back();
    const Row& ours = paced.row(kOurs);
    const Row& ours_fast = fast.row(kOurs);
    const auto at_most = Bound::at_most;
    const auto at_least = Bound::at_least;
    report_.goals = {
        ratio_goal("p50_to_raw", "p50 to the raw relay's", at_most, 1.2, ours, paced.row(kRaw),
                   "p50_us"),
        ratio_goal("p99_to_raw", "p99 to the raw relay's", at_most, 1.5, ours, paced.row(kRaw),
                   "p99_us"),
        ratio_goal("p50_to_zeromq", "p50 to ZeroMQ's, anywhere", at_most, 1.0 / 3,
                   anywhere.row(kOurs), anywhere.row(kZmq), "p50_us"),
        {"flat_out", "flat out", at_least, 3e6, "events/s", ours_fast.at("events_per_s"), {}},
        ratio_goal("flat_out_to_zeromq", "flat out to ZeroMQ's", at_least, 1.5, ours_fast,
                   fast.row(kZmq), "events_per_s"),
        {"allocations",
         "allocations per event in the kernel",
         at_most,
         0.001,
         "",
         allocations_,
         {}}};
  }

  const Options& options_;
  const TemporaryFolder& folder_;
  Conductor& conductor_;
  Report report_;
  Table everywhere_;  // the rounds of all placements
  std::vector<Chain> chains_;
  Series allocations_;
};

}  // namespace

Result<Report> run_relay(const Options& options) {
  DKVM_TRY(const TemporaryFolder folder, TemporaryFolder::make());
  DKVM_TRY(Conductor conductor, Conductor::listen(folder.file("control")));
  return Relay(options, folder, conductor).run();
}

}  // namespace dkvm::bench
