#pragma once

#include "tools/bench/harness/kernel_run.hpp"
#include "tools/bench/harness/scenario.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dkvm::bench {

// What the parts of the scenario `operate` have in common; each adds its tables and goals.
struct OperateBench {
  const Options& options;
  const TemporaryFolder& folder;
  Report report{};
};

inline constexpr int kOperatedDevices = 200;

// A kernel of 200 devices, a control device among them: one that has nothing to do, and
// beside it numbers from each `in-N` to its `out-N`.
class CrowdDesk {
 public:
  static Result<CrowdDesk> start(OperateBench& bench);

  std::string socket() const { return folder_.file("crowd.run/control.sock"); }
  KernelRun& kernel() { return kernel_; }
  Conductor& conductor() { return *conductor_; }
  static constexpr const char* kIdle = "idle";
  // Writes the file anew: `idle` is now to be started as something else.
  Result<> change_idle(int turn) const;

  Result<> count(double rate_hz);
  // Ends the counting; how many numbers were sent, are missing or came twice.
  struct Tally {
    double sent = 0;
    double wrong = 0;
  };
  Result<Tally> tally();

 private:
  CrowdDesk(const TemporaryFolder& folder, std::unique_ptr<Conductor> conductor, KernelRun kernel)
      : folder_(folder), conductor_(std::move(conductor)), kernel_(std::move(kernel)) {}

  static KernelPlan plan(int turn);
  static std::string config(const TemporaryFolder& folder);

  const TemporaryFolder& folder_;
  std::unique_ptr<Conductor> conductor_;
  KernelRun kernel_;
};

// `dkvmctl status` at the crowd, beside `dkvmctl --version`.
Result<> measure_status(OperateBench& bench, CrowdDesk& desk);
// Reloads that change one of the crowd, while the others count.
Result<> measure_reload(OperateBench& bench, CrowdDesk& desk);

}  // namespace dkvm::bench
