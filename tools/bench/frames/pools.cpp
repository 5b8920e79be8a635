// Opening pools, beside as much bare memory; and what calls to the kernel notice
// while pools come and go.

#include "tools/bench/frames/parts.hpp"
#include "tools/bench/harness/statistics.hpp"

#include <fmt/format.h>

namespace dkvm::bench {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kPoolBytes = 256 * 1024 * 1024;
constexpr int kPools = 10;  // opened for each of the two questions
constexpr double kProbeHz = 1000;
constexpr milliseconds kAlone{2'000};
constexpr milliseconds kPerPool{450};  // about as long as one comes, goes, and a bare one after it
constexpr milliseconds kReadyTimeMax{10'000};
constexpr milliseconds kReportTimeMax{60'000};

constexpr const char* kOpener = "opener";
constexpr const char* kProber = "prober";

class Pools {
 public:
  explicit Pools(FramesBench& bench) : bench_(bench) {
    opening_ = {"opening 256 MiB", {{"p50_ms", "p50 ms", 1}, {"max_ms", "max ms", 1}}, {}};
    loop_ = {"a call each ms",
             {{"p50_us", "p50 µs", 1},
              {"p99_us", "p99 µs", 0},
              {"max_us", "max µs", 0},
              {"whole_p99_us", "waits too: p99 µs", 0},
              {"whole_max_us", "max µs", 0}},
             {}};
  }

  Result<> run() {
    DKVM_CHECK(start());
    DKVM_CHECK(opening());
    DKVM_CHECK(probe("nothing else", kAlone, 0));
    const int pools = rounds_of(kPools, bench_.options);
    DKVM_CHECK(probe("while 256 MiB pools come and go", kPerPool * pools, pools));
    judge();
    return {};
  }

 private:
  Result<> start() {
    KernelPlan plan;
    plan.devices = {{kOpener, "pool-opener", ", health: off, limits: {buffers: 1GiB}"},
                    {kProber, "prober", ", grants: [{target: kernel, methods: [kernel.info]}]"}};
    DKVM_TRY(kernel_, KernelRun::start(bench_.folder, bench_.conductor, "pools", plan));
    const std::vector<std::string> names = {kOpener, kProber};
    if (auto ready = bench_.conductor.await(names, kReadyTimeMax); !ready)
      return fail(std::move(ready).error().within("the kernel says:" + kernel_->log_tail()));
    return {};
  }

  Result<> order_pools(int pools) {
    Order order{Order::Kind::open, 0, 0, 0};
    order.bytes = kPoolBytes;
    order.count = static_cast<std::uint64_t>(pools);
    return bench_.conductor.order(kOpener, order);
  }

  Result<> opening() {
    bench_.options.progress("opening pools");
    DKVM_CHECK(order_pools(rounds_of(kPools, bench_.options)));
    DKVM_TRY(const Answer answer, bench_.conductor.answer(kOpener, kReportTimeMax));
    for (std::size_t i = 0; i + 1 < answer.latencies_us.size(); i += 2) {
      add(opening_.row("a pool, to its first slot"), answer.latencies_us[i] / 1e3);
      add(opening_.row("bare memfd"), answer.latencies_us[i + 1] / 1e3);
    }
    return {};
  }

  static void add(Row& row, double ms) {
    row.add("p50_ms", ms);
    Series& max = row.values["max_ms"];
    max = Series({std::max(ms, max.median())});
  }

  Result<> probe(const char* name, milliseconds length, int pools) {
    bench_.options.progress(fmt::format("calls, {}", name));
    if (pools > 0) DKVM_CHECK(order_pools(pools));
    Order order{Order::Kind::probe, 0, kProbeHz,
                static_cast<std::uint64_t>(std::chrono::nanoseconds(length).count())};
    order.pid = kernel_->pid();
    DKVM_CHECK(bench_.conductor.order(kProber, order));
    DKVM_TRY(Answer answer, bench_.conductor.answer(kProber, length + kReportTimeMax));
    if (pools > 0) DKVM_CHECK(bench_.conductor.answer(kOpener, kReportTimeMax));
    if (answer.outcome.lost != 0 || answer.outcome.events == 0)
      return fail(Errc::corrupt, "calls to the kernel were refused");
    Row& row = loop_.row(name);
    std::vector<double> own_us;
    std::vector<double> whole_us;
    for (std::size_t i = 0; i + 1 < answer.latencies_us.size(); i += 2) {
      own_us.push_back(answer.latencies_us[i]);
      whole_us.push_back(answer.latencies_us[i + 1]);
    }
    row.add("p50_us", quantile(own_us, 0.5));
    row.add("p99_us", quantile(own_us, 0.99));
    row.add("max_us", quantile(own_us, 1));
    row.add("whole_p99_us", quantile(whole_us, 0.99));
    row.add("whole_max_us", quantile(whole_us, 1));
    return {};
  }

  void judge() {
    bench_.report.goals.push_back(ratio_goal(
        "pool_to_bare", "opening a pool to bare memory", Bound::at_most, 1.2,
        opening_.row("a pool, to its first slot"), opening_.row("bare memfd"), "p50_ms"));
    bench_.report.goals.push_back({"loop_stall",
                                   "the longest call while pools come and go",
                                   Bound::at_most,
                                   1000,
                                   "µs",
                                   loop_.row("while 256 MiB pools come and go").at("max_us"),
                                   {}});
    bench_.report.tables.push_back(std::move(opening_));
    bench_.report.tables.push_back(std::move(loop_));
  }

  FramesBench& bench_;
  Table opening_;
  Table loop_;
  std::optional<KernelRun> kernel_;
};

}  // namespace

Result<> measure_pools(FramesBench& bench) { return Pools(bench).run(); }

}  // namespace dkvm::bench
