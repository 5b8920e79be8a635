// operate: what it costs to look at a kernel, to change it and to measure it.

#include "tools/bench/operate/metrics.hpp"
#include "tools/bench/operate/parts.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace dkvm::bench {
namespace {

constexpr double kMetricsPercentMax = 0.5;

Result<> add_metrics(OperateBench& bench) {
  Goal goal{"metrics_cpu",
            "cpu of the metrics device, read once a second",
            Bound::at_most,
            kMetricsPercentMax,
            "%",
            {},
            {}};
  if (!std::filesystem::exists(own_folder() + "/dkvm-metrics")) {
    goal.reason = "no metrics device";
    bench.report.goals.push_back(std::move(goal));
    return {};
  }
  DKVM_TRY(const Conductor conductor, Conductor::listen(bench.folder.file("metrics.control")));
  DKVM_TRY(MetricsCost cost, measure_metrics(bench.folder, conductor, bench.options));
  Table table{"metrics read once a second", {{"cpu_percent", "cpu %", 2}}, {}};
  table.row("metrics").values["cpu_percent"] = cost.device_percent;
  table.row("kernel, for them").values["cpu_percent"] = cost.kernel_percent;
  goal.measured = std::move(cost.device_percent);
  bench.report.goals.push_back(std::move(goal));
  bench.report.notes.push_back(
      fmt::format("a page of metrics: {:.1f} KiB", cost.page_bytes / 1024));
  bench.report.tables.push_back(std::move(table));
  return {};
}

}  // namespace

Result<Report> run_operate(const Options& options) {
  DKVM_TRY(const TemporaryFolder folder, TemporaryFolder::make());
  OperateBench bench{options, folder};
  bench.report.scenario = "operate";
  {
    DKVM_TRY(CrowdDesk desk, CrowdDesk::start(bench));
    DKVM_CHECK(measure_status(bench, desk));
    DKVM_CHECK(measure_reload(bench, desk));
  }
  DKVM_CHECK(add_metrics(bench));
  return std::move(bench.report);
}

}  // namespace dkvm::bench
