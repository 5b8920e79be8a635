#pragma once

#include <poll.h>

#include <chrono>

namespace dkvm::test {

using Seconds = std::chrono::duration<double>;

// What dKVM promises: nothing stays down longer than this.
inline constexpr Seconds kStuckMax{1};
// Patience with a loaded machine, where nothing is promised.
inline constexpr Seconds kPatience{20};

// Waits until the condition holds; false when the time is over before.
template <class Condition>
bool eventually(Seconds most, Condition&& condition) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(most);
  for (;;) {
    const bool last = Clock::now() >= end;
    if (condition()) return true;
    if (last) return false;
    ::poll(nullptr, 0, 2);
  }
}

// Watches that the condition holds all the time.
template <class Condition>
bool always(Seconds time, Condition&& condition) {
  return !eventually(time, [&] { return !condition(); });
}

}  // namespace dkvm::test
