#include "tools/bench/link/desk.hpp"

#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/harness/statistics.hpp"
#include "tools/bench/harness/usage.hpp"
#include "trust/identity.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

namespace dkvm::bench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kReadyTimeMax{10'000};
constexpr milliseconds kAnswerTimeMax{5'000};
constexpr int kTriesMax = 100;
constexpr milliseconds kTry{50};
constexpr milliseconds kTryPatience{150};
constexpr double kTryHz = 200;
constexpr const char* kServer = "dkvm-tcp-server";
constexpr const char* kClient = "dkvm-tcp-client";

// A source opens a pool of four 1080p frames; a link keeps as many for its peer.
constexpr const char* kBulkKeys = ", health: off, limits: {buffers: 256MiB}";
constexpr const char* kLinkKeys = ", restart: {initial: 1ms, factor: 1}, limits: {buffers: 1GiB}";

struct Sites {
  KernelPlan near;
  KernelPlan far;
};

std::string link_line(const char* type, const std::string& config, const std::string& keys) {
  return fmt::format("wire: {{type: {}, config: {{{}}}{}}}", type, config, keys);
}

void add_stream(Sites& sites, const std::string& name, const Stream& stream, const char* source,
                const char* sink, const char* keys) {
  sites.near.devices.push_back({stream.source, source, keys});
  sites.far.devices.push_back({stream.sink, sink, keys});
  sites.near.pipelines.push_back(
      fmt::format("{{name: {0}, from: {1}, to: link/laptop/{0}}}", name, stream.source));
  sites.far.pipelines.push_back(
      fmt::format("{{name: {0}, from: link/desk/{0}, to: {1}}}", name, stream.sink));
}

Result<Sites> sites_of(const LinkBench& bench, const LinkPlan& plan, const LinkDesk& desk) {
  DKVM_TRY(const LinkEnds ends, make_link_ends(bench, plan.name, plan.address, kLinkKeys));
  Sites sites;
  sites.near.kernel = "desk";
  sites.far.kernel = "laptop";
  sites.near.other_devices = {ends.server};
  sites.far.other_devices = {ends.client};
  add_stream(sites, "keys", {desk.keys.source, desk.keys.sink}, "source", "sink", "");
  for (std::size_t i = 0; i < desk.bulk.size(); ++i)
    add_stream(sites, fmt::format("bulk-{}", i), desk.bulk[i], "bulk-source", "bulk-sink",
               kBulkKeys);
  return sites;
}

Result<KernelRun> start_kernel(LinkBench& bench, const netlab::Host* host, const std::string& name,
                               const KernelPlan& plan) {
  std::optional<netlab::Inside> inside;
  if (host != nullptr) inside.emplace(*host);
  return KernelRun::start(bench.folder, bench.conductor, name, plan);
}

pid_t first_child(pid_t parent, const char* program) {
  const auto found = children_of(parent, program);
  return found.empty() ? 0 : found.front();
}

}  // namespace

Result<Report> run_on_bench(const std::string& scenario, const Options& options,
                            const std::function<Result<>(LinkBench&)>& run) {
  DKVM_TRY(const TemporaryFolder folder, TemporaryFolder::make());
  DKVM_TRY(Conductor conductor, Conductor::listen(folder.file("control")));
  Report report;
  report.scenario = scenario;
  LinkBench bench{options, folder, conductor, report};
  DKVM_CHECK(run(bench));
  return report;
}

std::string LinkDesk::log_tail() const {
  return "\n desk:" + near->log_tail() + "\n laptop:" + far->log_tail();
}
pid_t LinkDesk::server() const { return first_child(near->pid(), kServer); }
pid_t LinkDesk::client() const { return first_child(far->pid(), kClient); }

Result<> LinkDesk::place(bool apart) const {
  std::size_t processor = 0;
  for (const KernelRun* kernel : {&*near, &*far}) {
    auto pids = children_of(kernel->pid(), "");
    pids.push_back(kernel->pid());
    for (const pid_t pid : pids) {
      if (!apart)
        unpin(pid);
      else
        DKVM_CHECK(pin(pid, processor));
    }
    ++processor;
  }
  return {};
}

Result<LinkDesk> start_link_desk(LinkBench& bench, const LinkPlan& plan) {
  for (const char* program : {kServer, kClient}) DKVM_CHECK(require_program(program));
  LinkDesk desk{
      {"link", plan.name + "-key-source", plan.name + "-key-sink", 0, {}, {}}, {}, {}, {}};
  std::vector<std::string> names = {desk.keys.source, desk.keys.sink};
  for (int i = 0; i < plan.bulk; ++i) {
    desk.bulk.push_back({fmt::format("{}-bulk-source-{}", plan.name, i),
                         fmt::format("{}-bulk-sink-{}", plan.name, i)});
    names.push_back(desk.bulk.back().source);
    names.push_back(desk.bulk.back().sink);
  }
  DKVM_TRY(const Sites sites, sites_of(bench, plan, desk));
  DKVM_TRY(desk.near, start_kernel(bench, plan.near, plan.name + "-desk", sites.near));
  DKVM_TRY(desk.far, start_kernel(bench, plan.far, plan.name + "-laptop", sites.far));
  desk.keys.middle = desk.near->pid();
  auto ready = bench.conductor.await(names, kReadyTimeMax);
  if (ready) ready = await_keys(bench.conductor, {desk.keys.source, desk.keys.sink});
  if (!ready) return fail(std::move(ready).error().within("the kernels say:" + desk.log_tail()));
  return desk;
}

Result<> require_program(const std::string& program) {
  if (::access((own_folder() + "/" + program).c_str(), X_OK) == 0) return {};
  return fail(Errc::not_found, program + " is not built");
}

Result<std::string> make_identity(const LinkBench& bench, const std::string& name) {
  DKVM_TRY(const auto identity, trust::Identity::make(bench.folder.file(name + ".identity"),
                                                      trust::KeyKind::p256, name));
  return identity.fingerprint().text();
}

Result<LinkEnds> make_link_ends(const LinkBench& bench, const std::string& name,
                                const std::string& address, const std::string& keys) {
  DKVM_TRY(const std::string desk_pin, make_identity(bench, name + "-desk"));
  DKVM_TRY(const std::string laptop_pin, make_identity(bench, name + "-laptop"));
  DKVM_TRY(const int port, free_port());
  return LinkEnds{
      link_line("tcp-server",
                fmt::format("listen: \"{}:{}\", identity: {}, peers: {{laptop: {{pin: \"{}\"}}}}",
                            address, port, bench.folder.file(name + "-desk.identity"), laptop_pin),
                keys),
      link_line("tcp-client",
                fmt::format("connect: \"{}:{}\", identity: {}, peer: desk, pin: \"{}\"", address,
                            port, bench.folder.file(name + "-laptop.identity"), desk_pin),
                keys)};
}

Result<int> free_port() {
  const detail::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), generic, length) != 0 ||
      ::getsockname(socket.get(), generic, &length) != 0)
    return fail(Errc::exhausted, std::string("looking for a port: ") + std::strerror(errno));
  return ntohs(address.sin_port);
}

// What was sent before the link was up came to nothing or comes late: a try counts
// when the sink has seen its end, and reports that nobody waits for are drained.
Result<> await_keys(Conductor& conductor, const Stream& keys) {
  const auto try_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(kTry).count());
  for (int i = 0; i < kTriesMax; ++i) {
    DKVM_CHECK(conductor.order(keys.sink, {Order::Kind::collect, 0, 0, 0}));
    DKVM_CHECK(conductor.answer(keys.sink, kAnswerTimeMax));
    DKVM_CHECK(conductor.order(keys.source, {Order::Kind::produce, 0, kTryHz, try_ns}));
    DKVM_CHECK(conductor.answer(keys.source, kAnswerTimeMax));
    if (!conductor.answer(keys.sink, kTryPatience)) continue;
    while (conductor.answer(keys.sink, kTryPatience)) {
    }
    return {};
  }
  return fail(Errc::timeout, "no key passes the link");
}

Result<> begin_bulk(LinkBench& bench, const Stream& stream, std::uint64_t frame_bytes,
                    milliseconds duration) {
  Order order{Order::Kind::collect, static_cast<std::uint32_t>(Reading::all), 0, 0};
  order.bytes = frame_bytes;
  DKVM_CHECK(bench.conductor.order(stream.sink, order));
  DKVM_CHECK(bench.conductor.answer(stream.sink, kAnswerTimeMax));
  order.kind = Order::Kind::publish;
  order.duration_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(duration).count());
  return bench.conductor.order(stream.source, order);
}

Result<BulkRound> end_bulk(LinkBench& bench, const Stream& stream, std::uint64_t frame_bytes,
                           milliseconds patience) {
  DKVM_CHECK(bench.conductor.answer(stream.source, patience));
  DKVM_TRY(Answer taken, bench.conductor.answer(stream.sink, patience));
  if (taken.outcome.disorders != 0)
    return fail(Errc::corrupt, fmt::format("{}: {} frames came torn or out of order", stream.sink,
                                           taken.outcome.disorders));
  BulkRound round;
  const double seconds = static_cast<double>(taken.outcome.last_ns - taken.outcome.first_ns) / 1e9;
  const auto frames = static_cast<double>(taken.outcome.events);
  round.bytes_per_s = frames > 1 ? (frames - 1) * static_cast<double>(frame_bytes) / seconds : 0;
  round.lost = static_cast<double>(taken.outcome.lost);
  round.p50_ms = quantile(taken.latencies_us, 0.5) / 1e3;
  return round;
}

}  // namespace dkvm::bench
