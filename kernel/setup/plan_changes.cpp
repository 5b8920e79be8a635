#include "kernel/setup/plan_changes.hpp"

#include <dkvm/describe.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace dkvm {
namespace {

// Manifests are the same when they print the same.
bool same(const std::optional<Manifest>& a, const std::optional<Manifest>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return describe(*a) == describe(*b);
}

bool differs(const DevicePlan& before, const DevicePlan& after) {
  return needs_new_process(before, after) || !(before.spec.supervision == after.spec.supervision) ||
         before.spec.log_rate.bytes_per_s != after.spec.log_rate.bytes_per_s ||
         before.buffer_bytes_max != after.buffer_bytes_max || before.trusted != after.trusted ||
         before.enabled != after.enabled || !(before.grants == after.grants);
}

// How many came, went or are no longer what they were.
std::size_t changed_pipelines(const std::vector<PipelineSpec>& before,
                              const std::vector<PipelineSpec>& after) {
  const auto is_new = [&](const PipelineSpec& spec) {
    return std::ranges::find(before, spec) == before.end();
  };
  const auto is_gone = [&](const PipelineSpec& spec) {
    return std::ranges::find(after, spec.name, &PipelineSpec::name) == after.end();
  };
  return static_cast<std::size_t>(std::ranges::count_if(after, is_new) +
                                  std::ranges::count_if(before, is_gone));
}

std::vector<std::string> changed_switches(const std::vector<SwitchSpec>& before,
                                          const std::vector<SwitchSpec>& after) {
  std::vector<std::string> names;
  for (const SwitchSpec& spec : after)
    if (std::ranges::find(before, spec) == before.end()) names.push_back(spec.name);
  for (const SwitchSpec& spec : before)
    if (std::ranges::find(after, spec.name, &SwitchSpec::name) == after.end())
      names.push_back(spec.name);
  return names;
}

void compare_kernel(const KernelConfig& before, const KernelConfig& after, PlanChanges& changes) {
  if (before.log.level != after.log.level) changes.changed.emplace_back(kLogLevelKey);
  if (before.buffers != after.buffers) changes.changed.emplace_back("kernel.buffers");
  if (before.log.file != after.log.file) changes.changed.emplace_back("kernel.log.file");
  if (before.exit_when != after.exit_when) changes.changed.emplace_back("kernel.exit_when");
  if (before.log.lines_max != after.log.lines_max)
    changes.changed.emplace_back("kernel.log.lines_max");
  if (before.log.bytes_max != after.log.bytes_max)
    changes.changed.emplace_back("kernel.log.bytes_max");
}

}  // namespace

bool PlanChanges::none() const {
  return started.empty() && stopped.empty() && changed.empty() && needs_restart.empty() &&
         pipelines == 0 && switches.empty();
}

bool needs_new_process(const DevicePlan& before, const DevicePlan& after) {
  if (!(before.spec.program == after.spec.program)) return true;
  // A description that came or went only says that it was asked in vain: the
  // process that runs is what it was.
  return before.manifest && after.manifest && !same(before.manifest, after.manifest);
}

PlanChanges changes_between(const Plan& before, const Plan& after) {
  PlanChanges changes;
  for (const DevicePlan& old : before.devices)
    if (after.device(old.name) == nullptr) changes.stopped.push_back(old.name);
  for (const DevicePlan& device : after.devices) {
    const DevicePlan* old = before.device(device.name);
    if (old == nullptr)
      changes.started.push_back(device.name);
    else if (differs(*old, device))
      changes.changed.push_back(device.name);
  }
  changes.pipelines = changed_pipelines(before.pipelines, after.pipelines);
  changes.switches = changed_switches(before.switches, after.switches);
  if (before.far_grants != after.far_grants) changes.changed.emplace_back("grants");
  compare_kernel(before.kernel, after.kernel, changes);
  return changes;
}

std::vector<std::string> keep_identity(Config& config, const KernelConfig& running) {
  std::vector<std::string> kept;
  if (config.kernel.name != running.name) kept.emplace_back("kernel.name");
  if (config.kernel.runtime_dir != running.runtime_dir) kept.emplace_back("kernel.runtime_dir");
  config.kernel.name = running.name;
  config.kernel.runtime_dir = running.runtime_dir;
  return kept;
}

nlohmann::json to_json(const PlanChanges& changes) {
  return {{"started", changes.started},
          {"stopped", changes.stopped},
          {"changed", changes.changed},
          {"needs_restart", changes.needs_restart},
          {"pipelines_changed", changes.pipelines},
          {"switches_changed", changes.switches}};
}

std::string to_words(const PlanChanges& changes) {
  if (changes.none()) return "nothing has changed";
  std::vector<std::string> parts;
  const auto list = [&](std::string_view what, const std::vector<std::string>& names) {
    if (!names.empty()) parts.push_back(fmt::format("{} {}", what, fmt::join(names, ", ")));
  };
  list("started", changes.started);
  list("stopped", changes.stopped);
  list("changed", changes.changed);
  if (changes.pipelines != 0)
    parts.push_back(
        fmt::format("{} pipeline{} changed", changes.pipelines, changes.pipelines == 1 ? "" : "s"));
  list("changed the switches", changes.switches);
  list("only a restart of the kernel changes", changes.needs_restart);
  return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace dkvm
