#pragma once

#include "devices/tcp/limits.hpp"

#include <algorithm>
#include <cstdint>

namespace dkvm::tcp {

// How often a peer makes ports and pools of this kernel come and go: so many at once, and
// then so many a second. Pure.
class StreamChanges {
 public:
  // One more. False: it is one too many.
  bool take(std::uint64_t now_ns) {
    refill(now_ns);
    if (left_ < kOne) return false;
    left_ -= kOne;
    return true;
  }
  // One is to come that this side has caused.
  void give_back() { left_ = std::min(left_ + kOne, kFull); }

 private:
  // In parts of a change: what one nanosecond brings back is the unit.
  static constexpr std::uint64_t kOne = 1'000'000'000;
  static constexpr std::uint64_t kFull = kStreamChangesBurstMax * kOne;

  void refill(std::uint64_t now_ns) {
    const std::uint64_t passed = std::min(now_ns - std::min(now_ns, last_ns_), kFull);
    last_ns_ = std::max(now_ns, last_ns_);
    left_ = std::min(left_ + passed * kStreamChangesPerSecondMax, kFull);
  }

  std::uint64_t left_ = kFull;
  std::uint64_t last_ns_ = 0;
};

}  // namespace dkvm::tcp
