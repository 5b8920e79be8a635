// scale: kernels with many devices that have nothing to do.

#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/harness/kernel_run.hpp"
#include "tools/bench/harness/scenario.hpp"
#include "tools/bench/harness/usage.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace dkvm::bench {
namespace {

using std::chrono::milliseconds;

constexpr int kDevices = 200;
constexpr milliseconds kReadyTimeMax{30'000};
constexpr milliseconds kSettleTime{1500};  // the start's work is over
constexpr milliseconds kIdleTime{10'000};
constexpr milliseconds kLookEvery{200};
constexpr int kLooksMax = 50;
constexpr double kKiB = 1024;
constexpr double kMiB = 1024 * 1024;
constexpr const char* kDummy = "dkvm-dummy-keyboard-sink";

struct Size {
  int devices = 0;
  int pipelines = 0;
};

// Half of the devices are sources, the others sinks; pipelines go round them.
KernelPlan plan_of(const Size& size, std::vector<std::string>& names) {
  KernelPlan plan;
  const int half = size.devices / 2;
  for (int i = 0; i < half; ++i) {
    names.push_back(fmt::format("in-{}", i));
    plan.devices.push_back({names.back(), "source", ""});
    names.push_back(fmt::format("out-{}", i));
    plan.devices.push_back({names.back(), "sink", ""});
  }
  for (int i = 0; i < size.pipelines; ++i)
    plan.pipelines.push_back(fmt::format("{{name: edge-{}, from: in-{}, to: out-{}}}", i, i % half,
                                         (i + i / half) % half));
  return plan;
}

class Scale {
 public:
  Scale(const Options& options, const TemporaryFolder& folder)
      : options_(options), folder_(folder) {
    report_.scenario = "scale";
    report_.tables = {{"idle",
                       {{"ready_s", "all ready s", 2},
                        {"rss_mib", "kernel MiB", 2},
                        {"cpu_percent", "kernel cpu %", 3},
                        {"switches_per_s", "runs/s", 0}},
                       {}},
                      {"one device", {{"rss_mib", "MiB", 2}}, {}}};
  }

  Result<Report> run() {
    for (const Size& size : {Size{50, 25}, Size{100, 50}})
      DKVM_CHECK(measure(size, milliseconds(0)));
    DKVM_CHECK(measure({kDevices, kDevices / 2}, length_of(kIdleTime, 1, options_)));
    for (const Size& size : {Size{100, 100}, Size{100, 200}})
      DKVM_CHECK(measure(size, milliseconds(0)));
    DKVM_CHECK(measure_dummy());
    judge();
    return std::move(report_);
  }

 private:
  static std::string row_name(const Size& size) {
    return fmt::format("{} devices, {} pipelines", size.devices, size.pipelines);
  }

  Result<> measure(const Size& size, milliseconds idle) {
    options_.progress(row_name(size));
    const std::string name = fmt::format("scale-{}-{}", size.devices, size.pipelines);
    DKVM_TRY(Conductor conductor, Conductor::listen(folder_.file(name + ".control")));
    std::vector<std::string> names;
    const KernelPlan plan = plan_of(size, names);
    const std::uint64_t start_ns = now_ns();
    DKVM_TRY(KernelRun kernel, KernelRun::start(folder_, conductor, name, plan));
    if (auto ready = conductor.await(names, kReadyTimeMax); !ready)
      return fail(std::move(ready).error().within("the kernel says:" + kernel.log_tail()));
    std::uint64_t ready_ns = 0;
    for (const auto& each : names)
      ready_ns = std::max(ready_ns, conductor.introduction(each).ready_ns);
    DKVM_CHECK(sleep_for(kSettleTime));
    DKVM_TRY(const Usage before, read_usage(kernel.pid()));
    Row& row = report_.tables[0].row(row_name(size));
    row.add("ready_s", static_cast<double>(ready_ns - start_ns) / 1e9);
    row.add("rss_mib", static_cast<double>(before.rss_bytes) / kMiB);
    if (idle.count() > 0) {
      DKVM_CHECK(sleep_for(idle));
      DKVM_TRY(const Usage after, read_usage(kernel.pid()));
      const double seconds = std::chrono::duration<double>(idle).count();
      row.add("cpu_percent", static_cast<double>(after.cpu_ns - before.cpu_ns) / 1e7 / seconds);
      row.add("switches_per_s", static_cast<double>(after.switches - before.switches) / seconds);
    }
    kernel.stop();
    return {};
  }

  // The memory of a device that is shipped, once it no longer changes.
  Result<> measure_dummy() {
    options_.progress(kDummy);
    DKVM_TRY(const Conductor conductor, Conductor::listen(folder_.file("dummy.control")));
    const std::string output = folder_.file("keys.jsonl");  // there once the device runs
    KernelPlan plan;
    plan.other_devices = {
        fmt::format("dummy: {{type: dummy-keyboard-sink, config: {{file: {}}}}}", output)};
    DKVM_TRY(const KernelRun kernel, KernelRun::start(folder_, conductor, "dummy", plan));
    std::uint64_t last = 0;
    for (int look = 0; look < kLooksMax; ++look) {
      DKVM_CHECK(sleep_for(kLookEvery));
      const auto found = children_of(kernel.pid(), kDummy);
      if (found.empty() || !std::filesystem::exists(output)) continue;
      const auto usage = read_usage(found.front());
      if (!usage || std::exchange(last, usage->rss_bytes) != usage->rss_bytes) continue;
      report_.tables[1].row("dummy-keyboard-sink").add("rss_mib", static_cast<double>(last) / kMiB);
      return {};
    }
    return fail(Errc::timeout, std::string(kDummy) + " did not start:" + kernel.log_tail());
  }

  // How far the memory of the kernel is from a straight line.
  Goal linear(std::string name, std::string text, const std::vector<Size>& sizes,
              int Size::*dimension) {
    std::vector<Point> points;
    for (const Size& size : sizes)
      points.push_back({static_cast<double>(size.*dimension),
                        report_.tables[0].row(row_name(size)).at("rss_mib").median()});
    const Line line = fit(points);
    report_.notes.push_back(fmt::format("kernel memory: {:.2f} KiB for each further {}",
                                        line.slope * kMiB / kKiB, text));
    return {"linear_in_" + name,
            "distance of the kernel's memory from a line over " + name,
            Bound::at_most,
            0.05,
            "of it",
            Series({line.residual}),
            {}};
  }

  void judge() {
    const Row& row = report_.tables[0].row(row_name({kDevices, kDevices / 2}));
    const Row& dummy = report_.tables[1].row("dummy-keyboard-sink");
    const auto at_most = Bound::at_most;
    report_.goals = {
        {"cpu", "kernel cpu with 200 idle devices", at_most, 1, "%", row.at("cpu_percent"), {}},
        {"rss", "kernel memory with 200 devices", at_most, 20, "MiB", row.at("rss_mib"), {}},
        {"device_rss", "memory of a dummy device", at_most, 5, "MiB", dummy.at("rss_mib"),
         dummy.note},
        {"ready", "200 devices ready", at_most, 3, "s", row.at("ready_s"), {}},
        linear("devices", "device with half a pipeline",
               {{50, 25}, {100, 50}, {kDevices, kDevices / 2}}, &Size::devices),
        linear("pipelines", "pipeline", {{100, 50}, {100, 100}, {100, 200}}, &Size::pipelines)};
  }

  const Options& options_;
  const TemporaryFolder& folder_;
  Report report_;
};

}  // namespace

Result<Report> run_scale(const Options& options) {
  DKVM_TRY(const TemporaryFolder folder, TemporaryFolder::make());
  return Scale(options, folder).run();
}

}  // namespace dkvm::bench
