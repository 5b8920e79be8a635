#pragma once

#include "tools/bench/harness/control.hpp"
#include "tools/bench/harness/process.hpp"

#include <string>
#include <vector>

namespace dkvm::bench {

// One of our own roles (devices/roles.hpp) as a device of a kvm.yaml.
struct DeviceEntry {
  std::string name;  // also its name at the control socket
  std::string role;
  std::string more;  // further keys of the device: ", health: off"
};

// What a scenario's kernel runs.
struct KernelPlan {
  std::string kernel = "bench";  // its name to other kernels
  std::vector<DeviceEntry> devices;
  std::vector<std::string> other_devices;  // whole YAML entries: "name: {type: …}"
  std::vector<std::string> pipelines;      // flow maps: "{name: keys, from: a, to: b}"
  std::vector<std::string> switches;       // flow maps, too
  std::string program = "dkvm-kernel";     // beside this one
  std::vector<std::string> environment;
};

// A real dkvm-kernel on a YAML in a folder of its own.
class KernelRun {
 public:
  // Life: the conductor and the folder outlive it. `name` is unique in the folder.
  static Result<KernelRun> start(const TemporaryFolder& folder, const Conductor& conductor,
                                 const std::string& name, const KernelPlan& plan);

  KernelRun(KernelRun&&) noexcept = default;
  KernelRun& operator=(KernelRun&&) noexcept = default;
  ~KernelRun() { stop(); }

  pid_t pid() const { return process_.pid(); }
  // Ends it in good order.
  void stop();
  // The last lines that it wrote, for errors.
  std::string log_tail() const;

 private:
  KernelRun(Process process, std::string log)
      : process_(std::move(process)), log_(std::move(log)) {}

  Process process_;
  std::string log_;
};

// The YAML that start() writes.
std::string kernel_yaml(const KernelPlan& plan, const std::string& runtime_dir,
                        const std::string& own_program, const std::string& control);

}  // namespace dkvm::bench
