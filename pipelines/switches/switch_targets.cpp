#include "pipelines/switches/switch.hpp"

#include <fmt/format.h>

#include <algorithm>

// Whether the targets of a switch are there, and where their monitors are.
namespace dkvm::detail {
namespace {

// Whether everything that would take its events asks to wait, or does nothing with them.
bool takes_nothing(const Pipeline& pipeline) {
  const auto idle = [](const auto& edge) {
    const SinkPort* sink = edge->sink;
    return sink == nullptr || sink->paused || !sink->device->at_work;
  };
  return !pipeline.edges.empty() && std::ranges::all_of(pipeline.edges, idle);
}

}  // namespace

void Switch::refit_target(std::size_t number, std::uint64_t now_ns) {
  Target& target = targets_[number];
  if (target.pipeline.empty()) return;
  const std::string& to = spec_.targets[number].to;
  const Pipeline* pipeline = topology_.pipeline(target.pipeline);
  if (pipeline == nullptr)
    return group_.target_there(number, false,
                               fmt::format("pipeline '{}' was removed", target.pipeline));
  if (!pipeline->spec.enabled)
    return group_.target_there(number, false,
                               fmt::format("pipeline '{}' is disabled", target.pipeline));
  if (std::ranges::find(pipeline->missing, to) != pipeline->missing.end()) {
    target.stalled_ns = Group::kNever;
    return group_.target_there(number, false, fmt::format("there is no {}", to));
  }
  const bool stalled = takes_nothing(*pipeline);
  target.stalled_ns = stalled ? std::min(target.stalled_ns, now_ns) : Group::kNever;
  const bool away = stalled && now_ns - target.stalled_ns >= kStallNsMax;
  group_.target_there(number, !away, away ? fmt::format("nothing gets to {}", to) : std::string());
  note_desktop(number, *pipeline);
}

// A sink that has not said it yet has the monitors that it had.
void Switch::note_desktop(std::size_t number, const Pipeline& pipeline) {
  for (const auto& edge : pipeline.edges) {
    if (edge->sink == nullptr || !edge->sink->standing) continue;
    const Said& said = edge->sink->standing->geometry;
    if (said.payload.empty()) continue;
    return set_desktop(number, Desktop(view_table<wire::Geometry>(said.payload)));
  }
}

std::uint64_t Switch::stall_due_ns() const {
  std::uint64_t due = Group::kNever;
  for (std::size_t i = 0; i < targets_.size(); ++i)
    if (targets_[i].stalled_ns != Group::kNever && group_.there(i))
      due = std::min(due, targets_[i].stalled_ns + kStallNsMax);
  return due;
}

void Switch::set_desktop(std::size_t number, const Desktop& desktop) {
  Target& target = targets_[number];
  if (target.desktop == desktop) return;
  target.desktop = desktop;
  if (!desktop.known()) {
    target.pointer.reset();
  } else if (target.pointer) {
    target.pointer->place(target.pointer->at(), desktop);
  } else {
    target.pointer.emplace(desktop);
  }
  if (number == group_.home()) prepare_due_ = true;
}

}  // namespace dkvm::detail
