// How soon events pass: once a link's device was started anew, and once a network is
// back that was gone.

#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/harness/statistics.hpp"
#include "tools/bench/link/parts.hpp"
#include "tools/netlab/cable.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <signal.h>

#include <array>

namespace dkvm::bench {
namespace {

using std::chrono::milliseconds;

constexpr double kKeyHz = 500;
constexpr int kConnections = 30;
constexpr milliseconds kBetween{300};
constexpr milliseconds kInFlight{2};  // what the client sent before its death has arrived
constexpr int kOutageLaps = 2;
constexpr std::array kOutages = {milliseconds(1000), milliseconds(2000), milliseconds(4500)};
constexpr milliseconds kReturnTimeMax{10'000};
constexpr milliseconds kLookEvery{5};
constexpr milliseconds kAnswerTimeMax{5'000};
constexpr double kConnectMsMax = 50;
constexpr double kBackMsMax = 1000;

// What stops events, and starts them again; when they could pass again.
using Outage = std::function<Result<std::uint64_t>()>;

class Returns {
 public:
  explicit Returns(LinkBench& bench) : bench_(bench) {
    table_ = {"until the first event",
              {{"p50_ms", "p50 ms", 1}, {"p95_ms", "p95 ms", 1}, {"max_ms", "max ms", 1}},
              {}};
  }

  Result<> run() {
    DKVM_CHECK(part("connect", "connect to first event, p95", kConnectMsMax, "p95_ms", kKilled,
                    [&] { return connections(); }));
    DKVM_CHECK(part("back", "first event once the network is back, longest", kBackMsMax, "max_ms",
                    kCut, [&] { return outages(); }));
    bench_.report.tables.push_back(std::move(table_));
    return {};
  }

 private:
  static constexpr const char* kKilled = "from SIGKILL of the client";
  static constexpr const char* kCut = "from a network that is back";

  Result<> part(const char* name, const char* text, double limit, const char* key, const char* row,
                const std::function<Result<>()>& measure) {
    table_.row(row);
    auto measured = measure();
    if (!measured) {
      const Errc code = measured.error().code();
      if (code != Errc::not_found && code != Errc::denied) return measured;
      table_.row(row).note = measured.error().message();
    }
    bench_.report.goals.push_back(
        {name, text, Bound::at_most, limit, "ms", table_.row(row).at(key), table_.row(row).note});
    return {};
  }

  Result<> connections() {
    DKVM_TRY(const LinkDesk desk, start_link_desk(bench_, {.name = "connect"}));
    std::vector<double> times_ms;
    const Outage kill = [&]() -> Result<std::uint64_t> {
      DKVM_CHECK(sleep_for(kBetween));
      const pid_t victim = desk.client();
      const std::uint64_t killed_ns = now_ns();
      if (victim == 0 || ::kill(victim, SIGKILL) != 0)
        return fail(Errc::disconnected, "the client of the link is not there");
      DKVM_CHECK(sleep_for(kInFlight));
      return killed_ns;
    };
    for (int i = 0; i < rounds_of(kConnections, bench_.options); ++i) {
      bench_.options.progress(fmt::format("connection {}", i + 1));
      DKVM_CHECK(measure(desk, kill, times_ms));
    }
    summarize(kKilled, times_ms);
    return {};
  }

  Result<> outages() {
    DKVM_TRY(const netlab::Host near, netlab::Host::make());
    DKVM_TRY(const netlab::Host far, netlab::Host::make());
    DKVM_TRY(netlab::Cable cable, netlab::Cable::lay(near, far, 1));
    DKVM_TRY(
        const LinkDesk desk,
        start_link_desk(bench_,
                        {.name = "outage", .address = cable.a().v4(), .near = &near, .far = &far}));
    std::vector<double> times_ms;
    for (int lap = 0; lap < rounds_of(kOutageLaps, bench_.options); ++lap)
      for (const milliseconds length : kOutages)
        for (const bool pulled : {false, true}) {
          bench_.options.progress(fmt::format("{} ms without a network", length.count()));
          const Outage outage = [&]() -> Result<std::uint64_t> {
            DKVM_CHECK(pulled ? cable.pull() : cable.cut());
            DKVM_CHECK(sleep_for(length));
            DKVM_CHECK(pulled ? cable.plug() : cable.mend());
            return now_ns();
          };
          DKVM_CHECK(measure(desk, outage, times_ms));
        }
    summarize(kCut, times_ms);
    return {};
  }

  // Keys go on through all of it; the first that comes afterwards counts. The sink
  // starts to count anew after the outage, so nothing from before it does.
  Result<> measure(const LinkDesk& desk, const Outage& outage, std::vector<double>& times_ms) {
    constexpr std::uint64_t kForNs = 60'000'000'000;
    if (!sending_) DKVM_CHECK(order(desk, {Order::Kind::produce, 0, kKeyHz, kForNs}));
    sending_ = true;
    DKVM_TRY(const std::uint64_t back_ns, outage());
    DKVM_CHECK(bench_.conductor.order(desk.keys.sink, {Order::Kind::collect, 0, 0, 0}));
    DKVM_CHECK(bench_.conductor.answer(desk.keys.sink, kAnswerTimeMax));
    for (milliseconds waited{0}; waited < kReturnTimeMax; waited += kLookEvery) {
      DKVM_CHECK(sleep_for(kLookEvery));
      DKVM_CHECK(bench_.conductor.order(desk.keys.sink, {Order::Kind::tally, 0, 0, 0}));
      DKVM_TRY(const Answer answer, bench_.conductor.answer(desk.keys.sink, kAnswerTimeMax));
      if (answer.outcome.events == 0) continue;
      times_ms.push_back(static_cast<double>(answer.outcome.first_ns - back_ns) / 1e6);
      return {};
    }
    return fail(Errc::timeout, "no event came any more; the kernels say:" + desk.log_tail());
  }
  Result<> order(const LinkDesk& desk, const Order& order) {
    return bench_.conductor.order(desk.keys.source, order);
  }

  void summarize(const char* name, std::vector<double>& times_ms) {
    Row& row = table_.row(name);
    row.add("p50_ms", quantile(times_ms, 0.5));
    row.add("p95_ms", quantile(times_ms, 0.95));
    row.add("max_ms", quantile(times_ms, 1));
    sending_ = false;
  }

  LinkBench& bench_;
  Table table_;
  bool sending_ = false;
};

}  // namespace

Result<> measure_returns(LinkBench& bench) { return Returns(bench).run(); }

}  // namespace dkvm::bench
