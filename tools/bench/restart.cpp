// restart: from SIGKILL until the device is ready again, beside the same device
// started by hand. Devices take turns, so that each has been healthy for long
// enough when its next turn comes; then the kernel restarts it at once.

#include "tools/bench/harness/bare_start.hpp"
#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/harness/kernel_run.hpp"
#include "tools/bench/harness/scenario.hpp"
#include "tools/bench/harness/statistics.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <signal.h>

namespace dkvm::bench {
namespace {

using std::chrono::milliseconds;

constexpr int kDevices = 8;
constexpr int kRounds = 25;
constexpr milliseconds kHealthy{500};  // as the YAML below says
constexpr milliseconds kReadyTimeMax{10'000};
constexpr const char* kBare = "bare";
constexpr const char* kRole = "source";

class Restart {
 public:
  Restart(const Options& options, const TemporaryFolder& folder, Conductor& conductor)
      : options_(options), folder_(folder), conductor_(conductor) {
    report_.scenario = "restart";
    report_.tables = {
        {"ready again after", {{"p50_ms", "p50 ms", 2}, {"max_ms", "max ms", 2}}, {}}};
  }

  Result<Report> run() {
    DKVM_TRY(const KernelRun kernel, start());
    DKVM_CHECK(start_bare(conductor_, kRole, kBare));  // the files are cached from here on
    for (int i = 0; i < rounds_of(kRounds, options_); ++i) {
      options_.progress(fmt::format("round {}", i + 1));
      DKVM_CHECK(sleep_for(kHealthy + kHealthy / 5));
      DKVM_CHECK(round());
    }
    Table& table = report_.tables[0];
    report_.goals = {ratio_goal("restart_to_bare", "restart to a bare start", Bound::at_most, 1.5,
                                table.row("dkvm"), table.row(kBare), "p50_ms")};
    return std::move(report_);
  }

 private:
  static std::string device(int index) { return fmt::format("victim-{}", index); }

  Result<KernelRun> start() {
    KernelPlan plan;
    std::vector<std::string> names;
    for (int i = 0; i < kDevices; ++i) {
      names.push_back(device(i));
      plan.devices.push_back(
          {names.back(), kRole, fmt::format(", restart: {{healthy: {}ms}}", kHealthy.count())});
    }
    DKVM_TRY(KernelRun kernel, KernelRun::start(folder_, conductor_, "restart", plan));
    if (auto ready = conductor_.await(names, kReadyTimeMax); !ready)
      return fail(std::move(ready).error().within("the kernel says:" + kernel.log_tail()));
    return kernel;
  }

  Result<> round() {
    std::vector<double> ours_ms;
    std::vector<double> bare_ms;
    for (int i = 0; i < kDevices; ++i) {
      DKVM_TRY(const double killed, kill_one(device(i)));
      ours_ms.push_back(killed);
      const std::uint64_t start_ns = now_ns();
      DKVM_TRY(const BareDevice bare, start_bare(conductor_, kRole, kBare));
      bare_ms.push_back(since_ms(start_ns, conductor_.introduction(kBare)));
    }
    add("dkvm", ours_ms);
    add(kBare, bare_ms);
    return {};
  }

  Result<double> kill_one(const std::string& name) {
    const pid_t victim = conductor_.introduction(name).pid;
    const std::uint64_t start_ns = now_ns();
    ::kill(victim, SIGKILL);
    DKVM_TRY(const Introduction ready, conductor_.await_next(name, start_ns, kReadyTimeMax));
    return since_ms(start_ns, ready);
  }

  static double since_ms(std::uint64_t start_ns, const Introduction& ready) {
    return static_cast<double>(ready.ready_ns - start_ns) / 1e6;
  }

  void add(const char* name, std::vector<double>& samples_ms) {
    Row& row = report_.tables[0].row(name);
    row.add("p50_ms", quantile(samples_ms, 0.5));
    row.add("max_ms", quantile(samples_ms, 1));
  }

  const Options& options_;
  const TemporaryFolder& folder_;
  Conductor& conductor_;
  Report report_;
};

}  // namespace

Result<Report> run_restart(const Options& options) {
  DKVM_TRY(const TemporaryFolder folder, TemporaryFolder::make());
  DKVM_TRY(Conductor conductor, Conductor::listen(folder.file("control")));
  return Restart(options, folder, conductor).run();
}

}  // namespace dkvm::bench
