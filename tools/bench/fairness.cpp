// fairness: a key at 1 kHz through a kernel, alone and beside four devices that
// flood it. Its edge has the policy that keys have, and loses nothing.

#include "tools/bench/harness/chain.hpp"
#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/harness/scenario.hpp"

#include <fmt/format.h>

namespace dkvm::bench {
namespace {

using std::chrono::milliseconds;

constexpr double kKeyHz = 1000;
constexpr int kFloods = 4;
constexpr int kRounds = 12;
constexpr milliseconds kRound{1000};
constexpr milliseconds kHeadStart{100};  // of the floods before the key, and beyond it
constexpr milliseconds kReadyTimeMax{10'000};
constexpr milliseconds kFloodReportTimeMax{10'000};

// Bulk gives way to input (nice 10, block); mice are input themselves.
constexpr const char* kBulk = "flood-source";
constexpr const char* kMice = "flood-mouse";

class Fairness {
 public:
  Fairness(const Options& options, const TemporaryFolder& folder, Conductor& conductor)
      : options_(options), folder_(folder), conductor_(conductor) {
    report_.scenario = "fairness";
    report_.tables = {{"a key at 1 kHz",
                       {{"p50_us", "p50 µs", 1},
                        {"p99_us", "p99 µs", 1},
                        {"max_us", "max µs", 0},
                        {"flood_events_per_s", "floods' events/s", 0}},
                       {}}};
  }

  Result<Report> run() {
    DKVM_CHECK(start());
    for (int i = 0; i < rounds_of(kRounds, options_); ++i) {
      options_.progress(fmt::format("round {}", i + 1));
      DKVM_CHECK(round("idle", nullptr));
      DKVM_CHECK(round("beside 4 bulk floods", kBulk));
      DKVM_CHECK(round("beside 4 flooding mice", kMice));
    }
    Table& table = report_.tables[0];
    for (const char* name : {"bulk floods", "flooding mice"})
      report_.goals.push_back(
          ratio_goal(std::string("p99_beside_") + (name[0] == 'b' ? "bulk" : "mice"),
                     fmt::format("p99 beside 4 {} to p99 alone", name), Bound::at_most, 5,
                     table.row(fmt::format("beside 4 {}", name)), table.row("idle"), "p99_us"));
    report_.notes.push_back("every key of every round arrived, in order");
    return std::move(report_);
  }

 private:
  static std::string flood(const char* role, int index) {
    return fmt::format("{}-{}", role, index);
  }

  Result<> start() {
    KernelPlan plan;
    plan.devices = {{"keys", "source", ""}, {"key-sink", "sink", ""}, {"drain", "flood-sink", ""}};
    plan.pipelines = {"{name: keys, from: keys, to: key-sink}"};
    std::vector<std::string> names = {"keys", "key-sink", "drain"};
    for (const char* role : {kBulk, kMice})
      for (int i = 0; i < kFloods; ++i) {
        plan.devices.push_back({flood(role, i), role, ""});
        names.push_back(flood(role, i));
        plan.pipelines.push_back(fmt::format("{{name: {0}, from: {0}, to: drain{1}}}", names.back(),
                                             role == kBulk ? ", queue: {policy: block}" : ""));
      }
    chain_ = Chain{"key", "keys", "key-sink", 0, {}, {}};
    DKVM_TRY(chain_.kernel, KernelRun::start(folder_, conductor_, "fairness", plan));
    chain_.middle = chain_.kernel->pid();
    if (auto ready = conductor_.await(names, kReadyTimeMax); !ready)
      return fail(std::move(ready).error().within("the kernel says:" + chain_.kernel->log_tail()));
    DKVM_CHECK(run_round(conductor_, chain_, kKeyHz, kHeadStart));
    return {};
  }

  Result<> round(const std::string& name, const char* role) {
    const milliseconds length = length_of(kRound, kRounds, options_);
    const milliseconds flood_time = length + 2 * kHeadStart;
    if (role != nullptr) {
      const auto flood_ns =
          static_cast<std::uint64_t>(std::chrono::nanoseconds(flood_time).count());
      for (int i = 0; i < kFloods; ++i)
        DKVM_CHECK(conductor_.order(flood(role, i), {Order::Kind::produce, 0, 0, flood_ns}));
      DKVM_CHECK(sleep_for(kHeadStart));
    }
    DKVM_TRY(const Round key, run_round(conductor_, chain_, kKeyHz, length));
    Row& row = report_.tables[0].row(name);
    row.add("p50_us", key.p50_us);
    row.add("p99_us", key.p99_us);
    row.add("max_us", key.max_us);
    if (role == nullptr) return {};
    double flooded = 0;
    for (int i = 0; i < kFloods; ++i) {
      DKVM_TRY(const Answer answer, conductor_.answer(flood(role, i), kFloodReportTimeMax));
      flooded += static_cast<double>(answer.outcome.events);
    }
    row.add("flood_events_per_s", flooded / std::chrono::duration<double>(flood_time).count());
    return {};
  }

  const Options& options_;
  const TemporaryFolder& folder_;
  Conductor& conductor_;
  Report report_;
  Chain chain_;
};

}  // namespace

Result<Report> run_fairness(const Options& options) {
  DKVM_TRY(const TemporaryFolder folder, TemporaryFolder::make());
  DKVM_TRY(Conductor conductor, Conductor::listen(folder.file("control")));
  return Fairness(options, folder, conductor).run();
}

}  // namespace dkvm::bench
