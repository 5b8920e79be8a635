#pragma once

#include "pipelines/port.hpp"

#include <dkvm/result.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace dkvm {

// Calls that wait for something to happen, each for a while only.
// Limits: kWaitersMax in all, kWaitersPerCallerMax of one caller (the control
// device has that many clients); beyond them a call does not wait.
class LongPolls {
 public:
  // Answers and returns true, or returns false to wait on. With `last` the
  // time is up and it must answer.
  using Attempt = std::function<bool(bool last)>;
  // False once the caller no longer waits for the answer.
  using Wanted = std::function<bool()>;

  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  static constexpr std::size_t kWaitersMax = 256;
  static constexpr std::size_t kWaitersPerCallerMax = 32;

  // Answers at once where that is possible or `until_ns` is not later than now.
  // Errors: Errc::overloaded, and `attempt` has not answered.
  Result<> wait(DeviceId caller, std::uint64_t until_ns, std::uint64_t now_ns, Attempt attempt,
                Wanted wanted) {
    if (attempt(until_ns <= now_ns)) return {};
    std::erase_if(waiters_, [](const Waiter& waiter) { return !waiter.wanted(); });
    const auto of_caller = std::ranges::count(waiters_, caller, &Waiter::caller);
    if (static_cast<std::size_t>(of_caller) >= kWaitersPerCallerMax)
      return fail(Errc::overloaded,
                  fmt::format("{} calls of this device wait already, more do not: ask without "
                              "'wait_ms'",
                              kWaitersPerCallerMax));
    if (waiters_.size() >= kWaitersMax)
      return fail(Errc::overloaded, fmt::format("{} calls wait already, more do not: ask without "
                                                "'wait_ms'",
                                                kWaitersMax));
    waiters_.push_back({caller, until_ns, std::move(attempt), std::move(wanted)});
    return {};
  }

  // Something happened, or time passed.
  void poll(std::uint64_t now_ns) {
    std::erase_if(waiters_, [now_ns](Waiter& waiter) {
      return !waiter.wanted() || waiter.attempt(waiter.until_ns <= now_ns);
    });
  }

  std::uint64_t deadline() const {
    std::uint64_t next = kNever;
    for (const Waiter& waiter : waiters_) next = std::min(next, waiter.until_ns);
    return next;
  }

  bool empty() const { return waiters_.empty(); }

 private:
  struct Waiter {
    DeviceId caller = 0;
    std::uint64_t until_ns = 0;
    Attempt attempt;
    Wanted wanted;
  };
  std::vector<Waiter> waiters_;
};

}  // namespace dkvm
