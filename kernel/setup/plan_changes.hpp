#pragma once

#include "kernel/setup/plan.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm {

// Which --log-level outweighs.
inline constexpr std::string_view kLogLevelKey = "kernel.log.level";

// What a reload finds different between two plans, by name.
struct PlanChanges {
  std::vector<std::string> started;
  std::vector<std::string> stopped;
  std::vector<std::string> changed;  // devices, and settings of the kernel: `kernel.log.level`
  std::vector<std::string> needs_restart;  // settings that hold until the kernel is started anew
  std::size_t pipelines = 0;               // that came, went or are no longer what they were
  std::vector<std::string> switches;       // the same of switches, by name

  bool none() const;
};

// Pure. The name and the runtime directory of a running kernel cannot change:
// `after` was planned with those of `before` (keep_identity).
PlanChanges changes_between(const Plan& before, const Plan& after);

// Gives a configuration the name and the runtime directory of the kernel that
// runs, on which every device's environment depends, and says which it had
// otherwise. To be done before it is planned.
std::vector<std::string> keep_identity(Config& config, const KernelConfig& running);

// True when the device must be started anew to be what `after` says.
bool needs_new_process(const DevicePlan& before, const DevicePlan& after);

// Source: docs/protocol.md, `kernel.reload`.
nlohmann::json to_json(const PlanChanges& changes);
// For people: "started pedal; changed typed, kernel.log.level; 1 pipeline changed".
std::string to_words(const PlanChanges& changes);

}  // namespace dkvm
