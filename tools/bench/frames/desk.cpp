#include "tools/bench/frames/desk.hpp"

#include "tools/bench/harness/chain.hpp"
#include "tools/bench/harness/usage.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <ranges>

namespace dkvm::bench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kReadyTimeMax{10'000};
constexpr milliseconds kDrainTimeMax{15'000};
constexpr milliseconds kStopTimeMax{3'000};
constexpr milliseconds kLookEvery{5};

// Two slots for each of eight sinks and three to write, of 32 MiB each. On a busy
// machine it takes longer to get such a pool's pages than a health check waits.
constexpr const char* kSourceKeys = ", health: off, limits: {buffers: 640MiB}";

constexpr const char* kRouDi = "/usr/bin/iox-roudi";
constexpr const char* kIceoryxPeer = "dkvm-bench-iceoryx";

// Chunks for the sizes of the scenario; the peer's own header fits the margin.
constexpr const char* kRouDiConfig = R"([general]
version = 1
[[segment]]
[[segment.mempool]]
size = 1024
count = 64
[[segment.mempool]]
size = 8298496
count = 8
[[segment.mempool]]
size = 33558528
count = 8
)";

// Waits for the source's report, and looks around meanwhile.
Result<Answer> await_source(Conductor& conductor, const std::string& source, milliseconds timeout,
                            const std::function<void()>& look) {
  if (!look) return conductor.answer(source, timeout);
  for (milliseconds waited{0}; waited < timeout; waited += kLookEvery) {
    look();
    auto answer = conductor.answer(source, kLookEvery);
    if (answer || answer.error().code() != Errc::timeout) return answer;
  }
  return fail(Errc::timeout, "'" + source + "' did not report");
}

}  // namespace

// The daemon of a peer last: it has to see the others go.
FrameDesk::~FrameDesk() {
  if (processes.empty()) return;
  conductor->dismiss(source);
  for (const std::string& sink : sinks) conductor->dismiss(sink);
  for (Process& process : processes | std::views::drop(1))
    if (!process.reap(kStopTimeMax)) process.stop(kStopTimeMax);
  processes.front().stop(kStopTimeMax);
}

Result<FrameDesk> start_frame_desk(FramesBench& bench, const std::string& name, int sinks,
                                   const std::string& sink_keys) {
  FrameDesk desk;
  desk.source = name + "-source";
  KernelPlan plan;
  plan.devices = {{desk.source, "frame-source", kSourceKeys}};
  std::string to;
  for (int i = 0; i < sinks; ++i) {
    desk.sinks.push_back(fmt::format("{}-sink-{}", name, i));
    plan.devices.push_back({desk.sinks.back(), "frame-sink", sink_keys});
    to += (i == 0 ? "" : ", ") + desk.sinks.back();
  }
  plan.pipelines = {fmt::format("{{name: frames, from: {}, to: [{}]}}", desk.source, to)};
  DKVM_TRY(desk.kernel, KernelRun::start(bench.folder, bench.conductor, name, plan));
  desk.middle = desk.kernel->pid();
  auto names = desk.sinks;
  names.push_back(desk.source);
  if (auto ready = bench.conductor.await(names, kReadyTimeMax); !ready)
    return fail(std::move(ready).error().within("the kernel says:" + desk.kernel->log_tail()));
  return desk;
}

Result<FrameDesk> start_iceoryx_desk(FramesBench& bench, int sinks) {
  const std::string peer = own_folder() + "/" + kIceoryxPeer;
  if (::access(peer.c_str(), X_OK) != 0 || ::access(kRouDi, X_OK) != 0)
    return fail(Errc::not_found, "not installed (tools/setup --bench, then build again)");
  const std::string config = bench.folder.file("roudi.toml");
  std::ofstream(config) << kRouDiConfig;
  const std::string log = bench.folder.file("iceoryx.log");
  const detail::Fd output(::open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
  FrameDesk desk;
  desk.conductor = &bench.conductor;
  const auto start = [&](const std::vector<std::string>& args) -> Result<> {
    Command command{args, {{output.get(), STDOUT_FILENO}, {output.get(), STDERR_FILENO}}, {}};
    DKVM_TRY(Process process, Process::start(command));
    desk.processes.push_back(std::move(process));
    return {};
  };
  DKVM_CHECK(start({kRouDi, "-c", config, "-m", "off", "-l", "error"}));
  desk.middle = desk.processes.front().pid();
  desk.source = fmt::format("iceoryx-{}-source", sinks);
  for (int i = 0; i < sinks; ++i) {
    desk.sinks.push_back(fmt::format("iceoryx-{}-sink-{}", sinks, i));
    DKVM_CHECK(start({peer, "sink", bench.conductor.path(), desk.sinks.back()}));
  }
  DKVM_CHECK(start({peer, "source", bench.conductor.path(), desk.source}));
  auto names = desk.sinks;
  names.push_back(desk.source);
  DKVM_CHECK(bench.conductor.await(names, kReadyTimeMax));
  return desk;
}

Result<> place(const Conductor& conductor, const FrameDesk& desk, bool middle_on_path) {
  DKVM_CHECK(pin(conductor.introduction(desk.source).pid, 0));
  for (const std::string& sink : desk.sinks)
    DKVM_CHECK(pin(conductor.introduction(sink).pid, middle_on_path ? 0 : 1));
  return pin(desk.middle, 1);
}

namespace {

Result<FrameRound> pass_frames(FramesBench& bench, const FrameDesk& desk, const FrameBatch& batch,
                               const std::function<void()>& look) {
  Order order{Order::Kind::collect, static_cast<std::uint32_t>(batch.reading), batch.rate_hz, 0};
  order.bytes = batch.bytes;
  order.count = batch.count;
  order.beside = batch.beside;
  for (const std::string& sink : desk.sinks) {
    DKVM_CHECK(bench.conductor.order(sink, order));
    DKVM_CHECK(bench.conductor.answer(sink, kDrainTimeMax));
  }
  order.kind = batch.buffers ? Order::Kind::publish : Order::Kind::emit;
  const milliseconds length(
      static_cast<std::int64_t>(1e3 * static_cast<double>(batch.count) / batch.rate_hz));
  const std::uint64_t start_ns = now_ns();
  DKVM_TRY(const Usage before, read_usage(desk.middle));
  DKVM_CHECK(bench.conductor.order(desk.source, order));
  FrameRound round;
  DKVM_TRY(const Answer sent,
           await_source(bench.conductor, desk.source, length + kDrainTimeMax, look));
  round.source = sent.outcome;
  for (const std::string& sink : desk.sinks) {
    DKVM_TRY(const Answer taken, bench.conductor.answer(sink, kDrainTimeMax));
    if (taken.outcome.disorders != 0)
      return fail(Errc::corrupt, fmt::format("{}: {} frames came torn or out of order", sink,
                                             taken.outcome.disorders));
    round.lost += taken.outcome.lost;
    round.sinks.push_back(taken.outcome);
    round.latencies_us.insert(round.latencies_us.end(), taken.latencies_us.begin(),
                              taken.latencies_us.end());
  }
  DKVM_TRY(const Usage after, read_usage(desk.middle));
  const auto used_ns = static_cast<double>(after.cpu_ns - before.cpu_ns);
  round.cpu_us_per_frame = used_ns / 1e3 / static_cast<double>(batch.count);
  round.cpu_percent = 100 * used_ns / static_cast<double>(now_ns() - start_ns);
  return round;
}

}  // namespace

Result<FrameRound> run_frames(FramesBench& bench, const FrameDesk& desk, const FrameBatch& batch,
                              const std::function<void()>& look) {
  auto round = pass_frames(bench, desk, batch, look);
  if (!round && desk.kernel)
    return fail(std::move(round).error().within("the kernel says:" + desk.kernel->log_tail()));
  return round;
}

}  // namespace dkvm::bench
