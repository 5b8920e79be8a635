#pragma once

#include "kernel/device_manager/supervisor_types.hpp"
#include "pipelines/port.hpp"
#include "pipelines/switches/status.hpp"

#include <algorithm>
#include <cstdint>
#include <map>

namespace dkvm {

// Which devices take nothing at present, nor soon: links then ask no peer for input, which
// would go into the void. Those that have ended or failed, that wait long for their next
// start or do not run soon after a death, or that stand still for longer than a switch bears
// with a target. Pure.
class Absences {
 public:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  // One that waits longer for its next start is away at once.
  static constexpr std::uint64_t kSoonNs = 350'000'000;
  // One that has died and runs again sooner keeps the input that peers send it.
  static constexpr std::uint64_t kBackNs = 450'000'000;

  // The device is in this state from now on, and does what it gets or not. wait_ns: until
  // its next start, in backoff. True when it counts otherwise than before.
  bool note(DeviceId device, RunState state, bool at_work, std::uint64_t wait_ns,
            std::uint64_t now_ns) {
    Life& life = lives_[device];
    const bool before = life.away;
    const bool died = state == RunState::backoff;
    if (at_work) life.waits = false;
    if (died && wait_ns > kSoonNs) life.waits = true;
    if (is_over(state) || at_work)
      life.due_ns = kNever;
    else if (life.due_ns == kNever)
      life.due_ns = now_ns + (died ? kBackNs : kStallNsMax);
    life.away = is_over(state) || life.waits;
    return life.away != before;
  }

  // Also of one that it has not heard of: that is stopped.
  bool away(DeviceId device) const {
    const auto life = lives_.find(device);
    return life == lives_.end() || life->second.away;
  }

  std::uint64_t due_ns() const {
    std::uint64_t due = kNever;
    for (const auto& [device, life] : lives_)
      if (!life.away) due = std::min(due, life.due_ns);
    return due;
  }
  // True when somebody counts otherwise than before.
  bool tick(std::uint64_t now_ns) {
    bool changed = false;
    for (auto& [device, life] : lives_) {
      if (life.away || now_ns < life.due_ns) continue;
      life.away = life.waits = changed = true;
    }
    return changed;
  }

 private:
  struct Life {
    bool away = true;
    bool waits = false;             // or has, for too long, since it ran last
    std::uint64_t due_ns = kNever;  // when it has stood still for too long
  };

  std::map<DeviceId, Life> lives_;
};

}  // namespace dkvm
