// SIGKILL to producers and consumers at random, over and over; an auditor looks
// at the account after each reaping, and at the end nothing may be left.

#include "tools/bench/frames/parts.hpp"
#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/harness/proc.hpp"
#include "tools/bench/harness/statistics.hpp"
#include "tools/bench/harness/usage.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <thread>

namespace dkvm::bench {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr int kKills = 10'000;
constexpr int kBatches = 10;
constexpr std::uint32_t kSeed = 20'240'607;
constexpr int kSources = 4;
constexpr int kSinksPerSource = 3;
constexpr int kSinks = 8;
constexpr microseconds kPauseMax{2'000};
constexpr milliseconds kReadyTimeMax{20'000};
constexpr milliseconds kSettleTimeMax{5'000};
constexpr milliseconds kLookEvery{20};

// Long enough for a look at what the dead has left, before its successor is there.
constexpr const char* kVictimKeys =
    ", restart: {initial: 20ms, max: 20ms, factor: 1, jitter: 50%, healthy: 1h}";
constexpr const char* kAuditorKeys = ", grants: [{target: kernel, methods: [memory.stats]}]";
constexpr const char* kAuditor = "auditor";

// A process that cannot be another one's by the time of the signal.
class Victim {
 public:
  explicit Victim(pid_t pid = 0)
      : pid_(pid), handle_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

  pid_t pid() const { return pid_; }
  bool killed() const { return killed_; }
  void kill() {
    ::syscall(SYS_pidfd_send_signal, handle_.get(), SIGKILL, nullptr, 0);
    killed_ = true;
  }

 private:
  pid_t pid_;
  detail::Fd handle_;
  bool killed_ = false;
};

class Kills {
 public:
  explicit Kills(FramesBench& bench)
      : bench_(bench),
        table_{"killed at random",
               {{"kills_per_s", "kills/s", 0},
                {"looks", "looks", 0},
                {"wrong", "wrong", 0},
                {"p50_us", "p50 µs", 0},
                {"p99_us", "p99 µs", 0},
                {"max_us", "max µs", 0}},
               {}} {}

  Result<> run() {
    DKVM_CHECK(start());
    const std::size_t files_before = other_files();
    const int per_batch = rounds_of(kKills, bench_.options) / kBatches + 1;
    for (int i = 0; i < kBatches; ++i) {
      bench_.options.progress(fmt::format("kills {} of {}", i * per_batch, kBatches * per_batch));
      DKVM_CHECK(batch(per_batch));
    }
    DKVM_CHECK(rest());
    DKVM_TRY(const Outcome resting, settled(kSources));
    const std::size_t files_after = other_files();
    const std::size_t excess = pools_in_sight() - std::min(pools_in_sight(), resting.pools);
    for (const std::string& name : names_) bench_.conductor.dismiss(name);
    DKVM_TRY(const Outcome ended, settled(0));
    judge(resting, excess, ended, files_before, files_after);
    return {};
  }

 private:
  Result<> start() {
    KernelPlan plan;
    for (int i = 0; i < kSinks; ++i) {
      names_.push_back(fmt::format("churn-sink-{}", i));
      plan.devices.push_back({names_.back(), "churn-sink", kVictimKeys});
    }
    for (int i = 0; i < kSources; ++i) {
      names_.push_back(fmt::format("churn-source-{}", i));
      plan.devices.push_back({names_.back(), "churn-source", kVictimKeys});
      for (int k = 0; k < kSinksPerSource; ++k)
        plan.pipelines.push_back(
            fmt::format("{{name: churn-{0}-{1}, from: churn-source-{0}, "
                        "to: churn-sink-{1}}}",
                        i, (2 * i + k) % kSinks));
    }
    plan.devices.push_back({kAuditor, "auditor", kAuditorKeys});
    plan.pipelines.push_back("{name: states, from: kernel/devices, to: auditor}");
    DKVM_TRY(kernel_, KernelRun::start(bench_.folder, bench_.conductor, "kills", plan));
    auto all = names_;
    all.emplace_back(kAuditor);
    if (auto ready = bench_.conductor.await(all, kReadyTimeMax); !ready)
      return fail(std::move(ready).error().within("the kernel says:" + kernel_->log_tail()));
    for (const std::string& name : names_)
      victims_[name] = Victim(bench_.conductor.introduction(name).pid);
    return {};
  }

  Result<> batch(int kills) {
    const std::uint64_t start_ns = now_ns();
    for (int done = 0; done < kills;) {
      std::this_thread::sleep_for(microseconds(random_() % kPauseMax.count()));
      DKVM_CHECK(bench_.conductor.admit_waiting());
      meet_successors();
      Victim& victim = victims_[names_[random_() % names_.size()]];
      if (victim.killed()) continue;  // its successor is not there yet
      victim.kill();
      ++done;
    }
    const double length_s = static_cast<double>(now_ns() - start_ns) / 1e9;
    DKVM_TRY(Answer answer, audit());
    Row& row = table_.row("right after a reaping");
    row.add("kills_per_s", kills / length_s);
    row.add("looks", static_cast<double>(answer.outcome.events));
    row.add("wrong", static_cast<double>(answer.outcome.disorders));
    row.add("p50_us", quantile(answer.latencies_us, 0.5));
    row.add("p99_us", quantile(answer.latencies_us, 0.99));
    row.add("max_us", quantile(answer.latencies_us, 1));
    wrong_ += static_cast<double>(answer.outcome.disorders);
    kills_ += kills;
    return {};
  }

  // Who has come back without having been killed was ended by the kernel.
  void meet_successors() {
    for (auto& [name, victim] : victims_) {
      const pid_t pid = bench_.conductor.introduction(name).pid;
      if (pid == victim.pid()) continue;
      if (!victim.killed()) ++others_ended_;
      victim = Victim(pid);
    }
  }

  // Everybody is there again, and does nothing.
  Result<> rest() {
    const std::uint64_t end_ns = now_ns() + to_ns(kReadyTimeMax);
    while (std::ranges::any_of(victims_, [](const auto& each) { return each.second.killed(); })) {
      if (now_ns() > end_ns) return fail(Errc::timeout, "not all that were killed came back");
      DKVM_CHECK(sleep_for(kLookEvery));
      DKVM_CHECK(bench_.conductor.admit_waiting());
      meet_successors();
    }
    for (const std::string& name : names_) {
      DKVM_CHECK(bench_.conductor.order(name, {Order::Kind::stall, 0, 0, 0}));
      DKVM_CHECK(bench_.conductor.answer(name, kReadyTimeMax));
    }
    return {};
  }

  Result<Answer> audit() {
    DKVM_CHECK(bench_.conductor.order(kAuditor, {Order::Kind::audit, 0, 0, 0}));
    return bench_.conductor.answer(kAuditor, kReadyTimeMax);
  }

  // The account once it is as it should be, or as it stays.
  Result<Outcome> settled(std::size_t pools) {
    const std::uint64_t end_ns = now_ns() + to_ns(kSettleTimeMax);
    for (;;) {
      DKVM_TRY(const Answer answer, audit());
      const bool right =
          answer.outcome.pools == pools && answer.outcome.leases == 0 && pools_in_sight() == pools;
      if (right || now_ns() > end_ns) return answer.outcome;
      DKVM_CHECK(sleep_for(kLookEvery));
    }
  }

  // Pools that the kernel or any of its devices has open or mapped.
  std::size_t pools_in_sight() const {
    std::set<std::string> pools;
    auto processes = children_of(kernel_->pid(), "dkvm-bench");
    processes.push_back(kernel_->pid());
    for (const pid_t pid : processes) {
      for (const MappedRange& range : mapped_ranges(pid))
        if (range.is_pool()) pools.insert(range.name);
      for (const std::string& file : open_files(pid))
        if (file.starts_with("/memfd:dkvm-pool")) pools.insert(file);
    }
    return pools.size();
  }

  std::size_t other_files() const {
    const auto files = open_files(kernel_->pid());
    return static_cast<std::size_t>(std::ranges::count_if(
        files, [](const std::string& file) { return !file.starts_with("/memfd:dkvm-pool"); }));
  }

  void judge(const Outcome& resting, std::size_t excess, const Outcome& ended,
             std::size_t files_before, std::size_t files_after) {
    const auto goal = [&](const char* name, const char* text, double measured) {
      bench_.report.goals.push_back({name, text, Bound::at_most, 0, "", Series({measured}), {}});
    };
    goal("kills_wrong", "accounts wrong at the first look after a reaping", wrong_);
    bench_.report.goals.push_back({"kills_delay",
                                   "from a reaping to an account that is right, p50",
                                   Bound::at_most,
                                   1000,
                                   "µs",
                                   table_.row("right after a reaping").at("p50_us"),
                                   {}});
    goal("kills_others", "devices ended that nobody killed", others_ended_);
    goal("kills_leases", "buffers held or queued, all at rest",
         static_cast<double>(resting.leases));
    goal("kills_pools", "pools in /proc that memory.stats does not have",
         static_cast<double>(excess));
    goal("kills_left", "pools left when all devices have ended",
         static_cast<double>(ended.pools + pools_in_sight()));
    goal("kills_files", "more descriptors in the kernel than before, but pools",
         static_cast<double>(files_after) - static_cast<double>(files_before));
    bench_.report.notes.push_back(
        fmt::format("{} kills, seed {}: {} descriptors beside pools before, {} after; {} pools at "
                    "rest, {} at the end",
                    kills_, kSeed, files_before, files_after, resting.pools, ended.pools));
    bench_.report.tables.push_back(std::move(table_));
  }

  static std::uint64_t to_ns(milliseconds duration) {
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(duration).count());
  }

  FramesBench& bench_;
  Table table_;
  std::optional<KernelRun> kernel_;
  std::vector<std::string> names_;
  std::map<std::string, Victim> victims_;
  std::mt19937 random_{kSeed};
  double wrong_ = 0;
  double others_ended_ = 0;
  int kills_ = 0;
};

}  // namespace

Result<> kill_at_random(FramesBench& bench) { return Kills(bench).run(); }

}  // namespace dkvm::bench
