#include "kernel/setup/switch_plan.hpp"

#include <chrono>

namespace dkvm {
namespace {

Hotkey::Act act_of(const HotkeyConfig& hotkey) {
  if (hotkey.name == kHotkeyNext) return Hotkey::Act::next;
  if (hotkey.name == kHotkeyLock) return Hotkey::Act::lock;
  return Hotkey::Act::target;
}

}  // namespace

SwitchSpec switch_of(const SwitchConfig& config) {
  SwitchSpec spec;
  spec.name = config.name;
  spec.home = config.home;
  spec.corners = config.corners;
  spec.delay_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(config.delay).count());
  for (const Address& source : config.sources) spec.sources.push_back(source.text());
  for (const SwitchTargetConfig& target : config.targets)
    spec.targets.push_back(
        {target.name, target.to ? target.to->text() : std::string(), target.relative});
  for (const HotkeyConfig& hotkey : config.hotkeys) {
    const Hotkey::Act act = act_of(hotkey);
    spec.hotkeys.push_back(
        {act, act == Hotkey::Act::target ? hotkey.name : std::string(), hotkey.codes});
  }
  for (const NeighbourConfig& each : config.layout)
    spec.layout.push_back({each.target, each.side, each.beyond});
  return spec;
}

}  // namespace dkvm
