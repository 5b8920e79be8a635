#include "tools/bench/operate/metrics.hpp"

#include "tools/bench/harness/http.hpp"
#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/harness/kernel_run.hpp"
#include "tools/bench/harness/usage.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <string>

namespace dkvm::bench {
namespace {

using std::chrono::milliseconds;

constexpr int kRounds = 3;
constexpr int kScrapes = 15;  // a round, once a second
constexpr milliseconds kScrapeEvery{1000};
constexpr milliseconds kReadyTimeMax{10'000};
constexpr milliseconds kReadyLook{20};
constexpr std::uint16_t kPort = 24862;

// Files that the dummies play over and over.
KernelPlan desk_plan(const TemporaryFolder& folder) {
  KernelPlan plan;
  plan.other_devices = {
      fmt::format("keyboard: {{type: dummy-keyboard-source, config: {{file: {}, mode: loop}}}}",
                  folder.file("keys.jsonl")),
      fmt::format("typed: {{type: dummy-keyboard-sink, config: {{file: {}}}}}",
                  folder.file("typed.jsonl")),
      "screen: {type: dummy-display-source, config: {size: 1280x720, fps: 30}}",
      "window: {type: dummy-display-sink}",
      "second: {type: dummy-display-sink}",
      fmt::format("metrics: {{type: metrics, config: {{listen: \"127.0.0.1:{}\"}}, grants: "
                  "[{{target: kernel, methods: [kernel.info, devices.list, pipelines.list, "
                  "pipelines.edges, pipelines.switches, memory.stats]}}]}}",
                  kPort)};
  plan.pipelines = {"{name: typing, from: keyboard, to: typed}",
                    "{name: showing, from: screen, to: [window, second]}"};
  return plan;
}

void write_keys(const TemporaryFolder& folder) {
  constexpr int kStrokes = 100;
  constexpr double kEveryS = 0.05;
  std::ofstream file(folder.file("keys.jsonl"));
  for (int i = 0; i < kStrokes; ++i)
    file << fmt::format("{{\"t\":{},\"key\":\"KEY_A\",\"down\":{}}}\n", i * kEveryS, i % 2 == 0);
}

struct Processes {
  pid_t kernel = 0;
  pid_t metrics = 0;
};

Result<Processes> await_metrics(const KernelRun& kernel) {
  const std::uint64_t end =
      now_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds(kReadyTimeMax).count());
  while (http_get(kPort, "/metrics").body.find("\ndkvm_up 1\n") == std::string::npos) {
    if (now_ns() > end)
      return fail(Errc::timeout, "no page of metrics; the kernel says:" + kernel.log_tail());
    DKVM_CHECK(sleep_for(kReadyLook));
  }
  const auto found = children_of(kernel.pid(), "dkvm-metrics");
  if (found.size() != 1) return fail(Errc::not_found, "there is no process dkvm-metrics");
  return Processes{kernel.pid(), found.front()};
}

// Percent of a processor that each takes meanwhile.
struct Share {
  double kernel = 0;
  double metrics = 0;
};

Result<Share> share_of(const Processes& processes, bool scraped, MetricsCost& cost) {
  DKVM_TRY(const Usage kernel, read_usage(processes.kernel));
  DKVM_TRY(const Usage metrics, read_usage(processes.metrics));
  const std::uint64_t begin = now_ns();
  for (int i = 0; i < kScrapes; ++i) {
    if (scraped) cost.page_bytes = static_cast<double>(http_get(kPort, "/metrics").body.size());
    DKVM_CHECK(sleep_for(kScrapeEvery));
  }
  DKVM_TRY(const Usage kernel_after, read_usage(processes.kernel));
  DKVM_TRY(const Usage metrics_after, read_usage(processes.metrics));
  const auto percent = [time = static_cast<double>(now_ns() - begin)](std::uint64_t cpu_ns) {
    return 100 * static_cast<double>(cpu_ns) / time;
  };
  return Share{percent(kernel_after.cpu_ns - kernel.cpu_ns),
               percent(metrics_after.cpu_ns - metrics.cpu_ns)};
}

}  // namespace

Result<MetricsCost> measure_metrics(const TemporaryFolder& folder, const Conductor& conductor,
                                    const Options& options) {
  write_keys(folder);
  DKVM_TRY(const KernelRun kernel,
           KernelRun::start(folder, conductor, "metrics", desk_plan(folder)));
  DKVM_TRY(const Processes processes, await_metrics(kernel));
  MetricsCost cost;
  for (int round = 0; round < rounds_of(kRounds, options); ++round) {
    options.progress(fmt::format("metrics: round {}", round + 1));
    DKVM_TRY(const Share alone, share_of(processes, false, cost));
    DKVM_TRY(const Share scraped, share_of(processes, true, cost));
    cost.device_percent.add(scraped.metrics);
    cost.kernel_percent.add(scraped.kernel - alone.kernel);
  }
  return cost;
}

}  // namespace dkvm::bench
