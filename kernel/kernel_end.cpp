// How a kernel ends, by itself or asked to.
#include "kernel/kernel.hpp"

#include "kernel/losses.hpp"
#include "kernel/words.hpp"

#include <dkvm/time.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace dkvm {
namespace {

// Whether the pipeline's sources wait while this sink is away.
bool blocks_for(const PipelineSpec& pipeline, std::string_view sink) {
  return pipeline.queue.policy == Policy::block &&
         std::ranges::any_of(pipeline.to,
                             [&](const std::string& to) { return device_of(to) == sink; });
}

}  // namespace

std::vector<DeviceId> Kernel::sources() const {
  std::set<DeviceId> sources;
  for (const PipelineSpec& pipeline : pipelines_->all())
    if (pipeline.enabled)
      for (const auto& address : pipeline.from)
        if (const auto id = devices_->find(device_of(address))) sources.insert(*id);
  return {sources.begin(), sources.end()};
}

void Kernel::note(DeviceId id, const StateChange& change) {
  // Where the kernel ends with its sources, what a sink finds at its end counts.
  if (!change.bad_end.empty() && !awaited_.empty()) exit_status_ = 1;
  const auto shot = devices_->snapshot(id);
  const auto wait = shot ? shot->next_start_in.count() : 0;
  if (absences_.note(id, change.to, change.at_work, static_cast<std::uint64_t>(wait), now_ns()))
    tell_links();
  if (change.to == RunState::running) hear_ports(id);
  if (change.to == RunState::failed)
    for (const PipelineSpec& pipeline : pipelines_->all())
      if (pipeline.enabled && blocks_for(pipeline, switchboard_->name_of(id)))
        log_.warning("pipeline '{}' is paused until device {} is back: its policy is block",
                     pipeline.name, switchboard_->name_of(id));
  tell({.what = KernelNews::What::devices});
  switchboard_->settle_soon();
}

// Where the kernel ends with its sources: work is done when none of them runs
// any more, or is going to, and all that they sent was applied; or when it can
// not go on, as policy `block` waits for a sink that has failed.
void Kernel::end_with_sources() {
  if (stopping_) return;
  bool failed = false;
  bool stuck = false;
  for (const DeviceId source : awaited_) {
    const RunState state = switchboard_->state(source);
    failed = failed || state == RunState::failed;
    const bool over =
        state == RunState::finished || state == RunState::failed || state == RunState::stopped;
    if (!over && waits_for_failed(source)) {
      stuck = true;
      continue;
    }
    if (!over || !switchboard_->router().settled(source)) return;
  }
  if (!all_delivered() || failed || stuck) exit_status_ = 1;
  stop(failed  ? "a source has failed"
       : stuck ? "a source waits for a sink that has failed"
               : "all sources have finished");
}

bool Kernel::waits_for_failed(DeviceId source) const {
  const std::string name = switchboard_->name_of(source);
  return std::ranges::any_of(pipelines_->all(), [&](const PipelineSpec& pipeline) {
    return pipeline.enabled &&
           std::ranges::any_of(pipeline.from,
                               [&](const auto& from) { return device_of(from) == name; }) &&
           std::ranges::any_of(pipeline.to, [&](const std::string& to) {
             const auto sink = devices_->find(device_of(to));
             return sink && blocks_for(pipeline, device_of(to)) &&
                    switchboard_->state(*sink) == RunState::failed;
           });
  });
}

bool Kernel::all_delivered() {
  std::vector<std::string> names;
  for (const DeviceId source : awaited_) names.push_back(switchboard_->name_of(source));
  const auto all = switchboard_->router().stats();
  auto losses = losses_of(all, names);
  for (const PipelineSpec& spec : pipelines_->all()) {
    const auto stats = std::ranges::find(all, spec.name, &PipelineStats::name);
    if (stats == all.end() || stats->state == PipelineState::disabled || spec.of_switch) continue;
    for (Loss& loss : losses_at_absent(spec, *stats, names, [this](std::string_view device) {
           return switchboard_->router().published(devices_->find(device).value_or(0));
         }))
      losses.push_back(std::move(loss));
  }
  for (const Loss& loss : losses)
    log_.error("pipeline '{}': {} from {} did not reach {}{}{}", loss.pipeline,
               count_of(loss.events, "event"), loss.source, loss.sink,
               loss.reason.empty() ? "" : ": ", loss.reason);
  return losses.empty();
}

DeviceManager::Ranks Kernel::ranks() const {
  DeviceManager::Ranks ranks;
  for (const auto& names : stop_order(plan_, pipelines_->all())) {
    auto& rank = ranks.emplace_back();
    for (const auto& name : names)
      if (const auto id = devices_->find(name)) rank.push_back(*id);
  }
  return ranks;
}

void Kernel::stop(const std::string& reason) {
  if (std::exchange(stopping_, true)) return;
  log_.info("stopping: {}", reason);
  tell({.what = KernelNews::What::stopping});
  devices_->stop_all(reason, ranks(), [this](const std::vector<std::string>& survivors) {
    for (const auto& name : survivors) log_.error("device {} would not die", name);
    if (!survivors.empty()) exit_status_ = 1;
    log_.info("kernel {} has stopped", plan_.kernel.name);
    loop_.stop();
  });
}

}  // namespace dkvm
