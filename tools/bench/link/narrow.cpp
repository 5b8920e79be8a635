// Between two hosts at 1 Mbit/s, beside four streams of frames that want all of it.

#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/link/parts.hpp"
#include "tools/netlab/cable.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace dkvm::bench {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kBitsPerSecond = 1'000'000;
constexpr std::uint64_t kQueueBytes = 64 * 1024;  // half a second of it, as home routers have
constexpr int kStreams = 4;
constexpr std::uint64_t kFrameBytes = 8 * 1024;
constexpr double kKeyHz = 10;  // fast typing: 2 % of the rate
constexpr int kRounds = 2;
constexpr milliseconds kRound{15'000};
constexpr milliseconds kHeadStart{1'000};
constexpr milliseconds kPatience{30'000};
constexpr int kHandshakes = 10;
constexpr double kKeyOverRoundTripMs = 20;
constexpr double kShareOfRate = 0.85;

// The quickest TCP handshake of several: what a round trip takes on an idle cable.
Result<double> round_trip_ms(const netlab::Host& from, const netlab::Host& to,
                             const std::string& address) {
  constexpr std::uint16_t kPort = 9;
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_port = htons(kPort);
  ::inet_pton(AF_INET, address.c_str(), &there.sin_addr);
  const auto* generic = reinterpret_cast<const sockaddr*>(&there);
  const auto failed = [&] {
    return fail(Errc::disconnected, "measuring a round trip: " + std::string(std::strerror(errno)));
  };
  const auto make = [](const netlab::Host& host) {
    const netlab::Inside inside(host);
    return detail::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  };
  const detail::Fd listener = make(to);
  if (::bind(listener.get(), generic, sizeof(there)) != 0 ||
      ::listen(listener.get(), kHandshakes) != 0)
    return failed();
  double best_ms = 1e9;
  for (int i = 0; i < kHandshakes; ++i) {
    const detail::Fd socket = make(from);
    const std::uint64_t start_ns = now_ns();
    if (::connect(socket.get(), generic, sizeof(there)) != 0) return failed();
    best_ms = std::min(best_ms, static_cast<double>(now_ns() - start_ns) / 1e6);
  }
  return best_ms;
}

class Narrow {
 public:
  explicit Narrow(LinkBench& bench) : bench_(bench) {
    table_ = {"1 Mbit/s, beside 4 streams of frames",
              {{"rtt_ms", "RTT ms", 2},
               {"p50_ms", "key p50 ms", 2},
               {"p99_ms", "key p99 ms", 2},
               {"max_ms", "key max ms", 2},
               {"over_ms", "p99 - RTT ms", 2},
               {"share", "frames' share", 3}},
              {}};
    table_.row("dkvm");
  }

  Result<> run() {
    const auto measured = measure();
    if (!measured && !may_be_missing(measured.error())) return measured;
    Row& row = table_.row("dkvm");
    if (!measured) row.note = measured.error().message();
    bench_.report.goals.push_back(
        {"narrow_key", "a key's p99 at 1 Mbit/s beside frames, beyond RTT", Bound::at_most,
         kKeyOverRoundTripMs, "ms", row.at("over_ms"), row.note});
    bench_.report.goals.push_back({"narrow_bulk", "what frames get of 1 Mbit/s beside it",
                                   Bound::at_least, kShareOfRate, "of the rate", row.at("share"),
                                   row.note});
    bench_.report.tables.push_back(std::move(table_));
    return {};
  }

 private:
  static bool may_be_missing(const Error& error) {
    return error.code() == Errc::not_found || error.code() == Errc::denied;
  }

  Result<> measure() {
    bench_.options.progress(table_.title);
    DKVM_TRY(const netlab::Host near, netlab::Host::make());
    DKVM_TRY(const netlab::Host far, netlab::Host::make());
    DKVM_TRY(netlab::Cable cable, netlab::Cable::lay(near, far, 1));
    for (netlab::CableEnd* end : {&cable.a(), &cable.b()})
      DKVM_CHECK(end->limit(kBitsPerSecond, kQueueBytes));
    DKVM_TRY(const double rtt_ms, round_trip_ms(far, near, cable.a().v4()));
    DKVM_TRY(const LinkDesk desk, start_link_desk(bench_, {.name = "narrow",
                                                           .bulk = kStreams,
                                                           .address = cable.a().v4(),
                                                           .near = &near,
                                                           .far = &far}));
    for (int i = 0; i < rounds_of(kRounds, bench_.options); ++i)
      if (auto done = round(desk, rtt_ms); !done)
        return fail(std::move(done).error().within("the kernels say:" + desk.log_tail()));
    return {};
  }

  Result<> round(const LinkDesk& desk, double rtt_ms) {
    const milliseconds length = length_of(kRound, kRounds, bench_.options);
    for (const Stream& stream : desk.bulk)
      DKVM_CHECK(begin_bulk(bench_, stream, kFrameBytes, length + 2 * kHeadStart));
    DKVM_CHECK(sleep_for(kHeadStart));
    DKVM_TRY(const Round key, run_round(bench_.conductor, desk.keys, kKeyHz, length));
    double bytes_per_s = 0;
    for (const Stream& stream : desk.bulk) {
      DKVM_TRY(const BulkRound bulk, end_bulk(bench_, stream, kFrameBytes, kPatience));
      bytes_per_s += bulk.bytes_per_s;
    }
    Row& row = table_.row("dkvm");
    row.add("rtt_ms", rtt_ms);
    row.add("p50_ms", key.p50_us / 1e3);
    row.add("p99_ms", key.p99_us / 1e3);
    row.add("max_ms", key.max_us / 1e3);
    row.add("over_ms", key.p99_us / 1e3 - rtt_ms);
    row.add("share", bytes_per_s * 8 / static_cast<double>(kBitsPerSecond));
    return {};
  }

  LinkBench& bench_;
  Table table_;
};

}  // namespace

Result<> measure_narrow(LinkBench& bench) { return Narrow(bench).run(); }

}  // namespace dkvm::bench
