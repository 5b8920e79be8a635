#pragma once

#include <chrono>
#include <cstdint>

namespace dkvm {

// CLOCK_MONOTONIC of this machine in nanoseconds: the clock of every
// capture_ns on the wire.
inline std::uint64_t now_ns() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

}  // namespace dkvm
