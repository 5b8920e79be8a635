#include "tools/bench/harness/kernel_run.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <fstream>

namespace dkvm::bench {
namespace {

constexpr std::chrono::milliseconds kStopTimeMax{4000};  // a kernel promises 3 s
constexpr std::size_t kTailLinesMax = 12;
constexpr int kStderr = 2;
constexpr int kStdout = 1;

}  // namespace

std::string kernel_yaml(const KernelPlan& plan, const std::string& runtime_dir,
                        const std::string& own_program, const std::string& control) {
  std::string yaml =
      fmt::format("kernel: {{name: {}, runtime_dir: {}, log: {{level: warning}}}}\ndevices:\n",
                  plan.kernel, runtime_dir);
  for (const DeviceEntry& device : plan.devices)
    yaml += fmt::format("  {}: {{exec: [{}, --device, {}, {}]{}}}\n", device.name, own_program,
                        device.role, control, device.more);
  for (const std::string& entry : plan.other_devices) yaml += "  " + entry + "\n";
  if (!plan.pipelines.empty()) yaml += "pipelines:\n";
  for (const std::string& pipeline : plan.pipelines) yaml += "  - " + pipeline + "\n";
  if (!plan.switches.empty()) yaml += "switches:\n";
  for (const std::string& group : plan.switches) yaml += "  - " + group + "\n";
  return yaml;
}

Result<KernelRun> KernelRun::start(const TemporaryFolder& folder, const Conductor& conductor,
                                   const std::string& name, const KernelPlan& plan) {
  const std::string bin = own_folder();
  const std::string config = folder.file(name + ".yaml");
  std::ofstream(config) << kernel_yaml(plan, folder.file(name + ".run"), bin + "/dkvm-bench",
                                       conductor.path());
  const std::string log = folder.file(name + ".log");
  const detail::Fd output(::open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
  // The launcher ends the kernel should the bench die.
  Command command;
  command.args = {bin + "/dkvm-launcher",
                  "--parent",
                  std::to_string(::getpid()),
                  "--",
                  bin + "/" + plan.program,
                  "--config",
                  config};
  command.fds = {{output.get(), kStdout}, {output.get(), kStderr}};
  command.environment = plan.environment;
  DKVM_TRY(Process process, Process::start(command));
  return KernelRun(std::move(process), log);
}

void KernelRun::stop() { process_.stop(kStopTimeMax); }

std::string KernelRun::log_tail() const {
  std::ifstream file(log_);
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
    if (lines.size() > kTailLinesMax) lines.pop_front();
  }
  std::string text;
  for (const std::string& line : lines) text += "\n  " + line;
  return text.empty() ? "\n  (it logged nothing)" : text;
}

}  // namespace dkvm::bench
