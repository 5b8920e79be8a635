#pragma once

#include "devices/codec/limits.hpp"

#include <cstdint>

namespace dkvm::codec {

// Lets one through each kRefreshIntervalMin. Pure.
class RefreshGate {
 public:
  // When the next may pass; not later than now: at once.
  std::uint64_t next_ns() const { return next_ns_; }
  bool pass(std::uint64_t now_ns) {
    if (now_ns < next_ns_) return false;
    next_ns_ =
        now_ns + static_cast<std::uint64_t>(std::chrono::nanoseconds(kRefreshIntervalMin).count());
    return true;
  }

 private:
  std::uint64_t next_ns_ = 0;
};

}  // namespace dkvm::codec
