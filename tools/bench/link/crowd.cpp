// Up to a hundred peers of one server: a key to one of them, and the server's memory.
// The others are clients with an identity and a stream of their own, all in a second
// kernel, which knows the server by another name for each.

#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/harness/usage.hpp"
#include "tools/bench/link/parts.hpp"

#include <fmt/format.h>

#include <array>

namespace dkvm::bench {
namespace {

using std::chrono::milliseconds;

constexpr std::array kCrowds = {1, 25, 50, 100};
constexpr double kKeyHz = 500;
constexpr int kRounds = 6;
constexpr milliseconds kRound{1000};
constexpr milliseconds kSettleTime{2'000};  // clocks are set, starts are over
constexpr milliseconds kReadyTimeMax{30'000};
constexpr double kP99Max = 3;
constexpr double kOffLineMax = 0.05;
constexpr double kMiB = 1024 * 1024;

class Crowd {
 public:
  explicit Crowd(LinkBench& bench) : bench_(bench) {
    table_ = {"a key to one peer of",
              {{"p50_us", "p50 µs", 1},
               {"p99_us", "p99 µs", 1},
               {"server_mib", "server MiB", 2},
               {"kernel_mib", "its kernel MiB", 2},
               {"server_cpu_percent", "server cpu %", 2}},
              {}};
    for (const int peers : kCrowds) table_.row(name_of(peers));
  }

  Result<> run() {
    for (const int peers : kCrowds) {
      auto measured = measure(peers);
      if (measured) continue;
      if (measured.error().code() != Errc::not_found) return measured;
      table_.row(name_of(peers)).note = measured.error().message();
    }
    judge();
    return {};
  }

 private:
  static std::string name_of(int peers) { return fmt::format("{}", peers); }
  std::string identity_of(int peer) const {
    return bench_.folder.file(fmt::format("peer-{}.identity", peer));
  }

  // The pins of clients are made once, whatever the size of the crowd.
  Result<> make_identities(int peers) {
    if (server_pin_.empty()) {
      DKVM_TRY(server_pin_, make_identity(bench_, "server"));
    }
    while (static_cast<int>(pins_.size()) < peers) {
      DKVM_TRY(const std::string pin, make_identity(bench_, fmt::format("peer-{}", pins_.size())));
      pins_.push_back(pin);
    }
    return {};
  }

  KernelPlan server_plan(int peers, int port, const std::string& source) const {
    KernelPlan plan;
    plan.kernel = "server";
    std::string trusted;
    for (int i = 0; i < peers; ++i)
      trusted += fmt::format("{}p{}: {{pin: \"{}\"}}", i == 0 ? "" : ", ", i,
                             pins_[static_cast<std::size_t>(i)]);
    plan.other_devices = {
        fmt::format("wire: {{type: tcp-server, config: {{listen: \"127.0.0.1:{}\", identity: {}, "
                    "peers: {{{}}}}}}}",
                    port, bench_.folder.file("server.identity"), trusted)};
    plan.devices = {{source, "source", ""}, {source + "-of-others", "source", ""}};
    for (int i = 0; i < peers; ++i)
      plan.pipelines.push_back(fmt::format("{{name: keys-{0}, from: {1}, to: link/p{0}/keys}}", i,
                                           i == 0 ? source : source + "-of-others"));
    return plan;
  }

  KernelPlan clients_plan(int peers, int port, const std::string& sink) const {
    KernelPlan plan;
    plan.kernel = "crowd";
    plan.devices = {{sink, "sink", ""}, {sink + "-of-others", "sink", ""}};
    for (int i = 0; i < peers; ++i) {
      plan.other_devices.push_back(
          fmt::format("wire-{0}: {{type: tcp-client, config: {{connect: \"127.0.0.1:{1}\", "
                      "identity: {2}, peer: server-{0}, pin: \"{3}\"}}}}",
                      i, port, identity_of(i), server_pin_));
      plan.pipelines.push_back(
          fmt::format("{{name: keys-{0}, from: link/server-{0}/keys, to: {1}}}", i,
                      i == 0 ? sink : sink + "-of-others"));
    }
    return plan;
  }

  Result<> measure(int peers) {
    bench_.options.progress(fmt::format("{} peers", peers));
    for (const char* program : {"dkvm-tcp-server", "dkvm-tcp-client"})
      DKVM_CHECK(require_program(program));
    DKVM_CHECK(make_identities(peers));
    DKVM_TRY(const int port, free_port());
    const std::string name = fmt::format("crowd-{}", peers);
    const Stream keys{name + "-source", name + "-sink"};
    DKVM_TRY(const KernelRun server, KernelRun::start(bench_.folder, bench_.conductor, name,
                                                      server_plan(peers, port, keys.source)));
    DKVM_TRY(const KernelRun clients,
             KernelRun::start(bench_.folder, bench_.conductor, name + "-clients",
                              clients_plan(peers, port, keys.sink)));
    const std::vector<std::string> names = {keys.source, keys.sink};
    auto done = bench_.conductor.await(names, kReadyTimeMax);
    if (done) done = await_keys(bench_.conductor, keys);
    if (done) done = rounds(peers, keys, server.pid());
    if (!done)
      return fail(std::move(done).error().within("the kernels say:" + server.log_tail() +
                                                 clients.log_tail()));
    return {};
  }

  Result<> rounds(int peers, const Stream& keys, pid_t kernel) {
    DKVM_CHECK(sleep_for(kSettleTime));
    const auto links = children_of(kernel, "dkvm-tcp-server");
    if (links.empty()) return fail(Errc::disconnected, "the server of the crowd has ended");
    const Chain chain{name_of(peers), keys.source, keys.sink, links.front(), {}, {}};
    Row& row = table_.row(name_of(peers));
    for (int i = 0; i < rounds_of(kRounds, bench_.options); ++i) {
      const auto length = length_of(kRound, kRounds, bench_.options);
      DKVM_TRY(const Usage before, read_usage(links.front()));
      DKVM_TRY(const Round round, run_round(bench_.conductor, chain, kKeyHz, length));
      DKVM_TRY(const Usage after, read_usage(links.front()));
      row.add("p50_us", round.p50_us);
      row.add("p99_us", round.p99_us);
      row.add("server_cpu_percent", static_cast<double>(after.cpu_ns - before.cpu_ns) / 1e7 /
                                        std::chrono::duration<double>(length).count());
    }
    DKVM_TRY(const Usage server, read_usage(links.front()));
    DKVM_TRY(const Usage its_kernel, read_usage(kernel));
    row.add("server_mib", static_cast<double>(server.rss_bytes) / kMiB);
    row.add("kernel_mib", static_cast<double>(its_kernel.rss_bytes) / kMiB);
    return {};
  }

  Goal linear(const char* name, const char* text, const char* key) {
    Goal goal{name, text, Bound::at_most, kOffLineMax, "of it", {}, table_.rows[0].note};
    std::vector<Point> points;
    for (const int peers : kCrowds) {
      const Row& row = table_.row(name_of(peers));
      if (row.has(key)) points.push_back({static_cast<double>(peers), row.at(key).median()});
    }
    if (points.size() < kCrowds.size()) return goal;
    const Line line = fit(points);
    bench_.report.notes.push_back(
        fmt::format("{}: {:.1f} KiB for each further peer", text, line.slope * 1024));
    goal.measured = Series({line.residual});
    return goal;
  }

  void judge() {
    auto& goals = bench_.report.goals;
    goals.push_back(ratio_goal("crowd_p99", "a key's p99 with 100 peers to that with one",
                               Bound::at_most, kP99Max, table_.row(name_of(kCrowds.back())),
                               table_.row(name_of(kCrowds.front())), "p99_us"));
    goals.push_back(linear("crowd_server_memory",
                           "distance of the server's memory from a line over peers", "server_mib"));
    goals.push_back(linear("crowd_kernel_memory",
                           "distance of its kernel's memory from a line over peers", "kernel_mib"));
    bench_.report.tables.push_back(std::move(table_));
  }

  LinkBench& bench_;
  Table table_;
  std::string server_pin_;
  std::vector<std::string> pins_;
};

}  // namespace

Result<> measure_crowd(LinkBench& bench) { return Crowd(bench).run(); }

}  // namespace dkvm::bench
