#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "kernel/device_manager/device_spec.hpp"
#include "kernel/loop/clock.hpp"

namespace dkvm {

// A rank waits for the one before it at most this long after the request.
inline constexpr Duration kStopRanksTimeMax = std::chrono::milliseconds(1000);
// What still runs then, cleanups too, is killed, so that kStopTimeMax is kept.
inline constexpr Duration kStopLastKillAfter = std::chrono::milliseconds(2950);

// The order in which devices get their stop frames, pure: rank after rank.
class StopPlan {
 public:
  StopPlan(std::vector<std::vector<DeviceId>> ranks, TimePoint requested)
      : ranks_(std::move(ranks)), requested_(requested) {}

  // The devices whose turn has come since the last call, in order.
  // `quiet(id)`: it is down or has said goodbye, nothing more comes from it.
  template <class Quiet>
  std::vector<DeviceId> advance(Quiet quiet, TimePoint now) {
    std::vector<DeviceId> turn;
    const bool late = now >= requested_ + kStopRanksTimeMax;
    while (next_ < ranks_.size() && (next_ == 0 || late || is_quiet(ranks_[next_ - 1], quiet))) {
      turn.insert(turn.end(), ranks_[next_].begin(), ranks_[next_].end());
      ++next_;
    }
    return turn;
  }

  TimePoint requested() const { return requested_; }
  // When the plan needs to look again by itself.
  TimePoint deadline(TimePoint now) const {
    for (const Duration after : {kStopRanksTimeMax, kStopLastKillAfter, kStopTimeMax})
      if (now < requested_ + after) return requested_ + after;
    return kNever;
  }

 private:
  template <class Quiet>
  static bool is_quiet(const std::vector<DeviceId>& rank, Quiet quiet) {
    for (const DeviceId id : rank)
      if (!quiet(id)) return false;
    return true;
  }

  std::vector<std::vector<DeviceId>> ranks_;
  TimePoint requested_;
  std::size_t next_ = 0;  // the first rank that was not told yet
};

}  // namespace dkvm
