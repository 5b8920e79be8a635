#pragma once

#include <algorithm>
#include <cstdint>

namespace dkvm::x11 {

// When the next picture may be taken: after a rest two in a row, as programs often
// draw a change in two steps, then one an interval.
class PicturePace {
 public:
  PicturePace() = default;
  explicit PicturePace(std::uint64_t interval_ns) : interval_ns_(interval_ns) {}

  std::uint64_t due_ns() const {
    return std::max(held_until_ns_, even_ns_ - std::min(even_ns_, interval_ns_));
  }
  void taken(std::uint64_t now_ns) { even_ns_ = std::max(even_ns_, now_ns) + interval_ns_; }
  // None before that time.
  void hold_until(std::uint64_t time_ns) { held_until_ns_ = std::max(held_until_ns_, time_ns); }

 private:
  std::uint64_t interval_ns_ = 0;
  std::uint64_t even_ns_ = 0;  // when all that were taken have had their interval
  std::uint64_t held_until_ns_ = 0;
};

}  // namespace dkvm::x11
