#pragma once

#include "kernel/loop/loop.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>

namespace dkvm {

// What keeps everybody waiting for as long as this is a stall.
inline constexpr Duration kLoopStallMin = std::chrono::milliseconds(20);

struct StallCounts {
  std::uint64_t stalls = 0;
  Duration sum{0};
  Duration longest{0};

  // Counts only what is long enough.
  void add(Duration stood) {
    if (stood < kLoopStallMin) return;
    ++stalls;
    sum += stood;
    longest = std::max(longest, stood);
  }
};

namespace detail {
struct StallsState;
}

// Counts when a loop kept others waiting: a turn that took long, or a timer that the
// process (stopped, or without a processor) slept through. It looks at the clock once
// a turn, and keeps no loop alive.
// Units: the loop's own millisecond; a turn may seem 1 ms longer than it was
class LoopStalls {
 public:
  explicit LoopStalls(Loop& loop);
  ~LoopStalls();
  LoopStalls(const LoopStalls&) = delete;
  LoopStalls& operator=(const LoopStalls&) = delete;

  const StallCounts& counts() const;

 private:
  std::unique_ptr<detail::StallsState, detail::CloseHandle> state_;
};

}  // namespace dkvm
