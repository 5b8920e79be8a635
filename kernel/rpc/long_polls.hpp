#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace dkvm {

// Calls that wait for something to happen, each for a while only.
// Limit: kWaitersMax; when full, a call is answered at once.
class LongPolls {
 public:
  // Answers and returns true, or returns false to wait on. With `last` the
  // time is up and it must answer.
  using Attempt = std::function<bool(bool last)>;

  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  static constexpr std::size_t kWaitersMax = 256;

  void wait(std::uint64_t until_ns, std::uint64_t now_ns, Attempt attempt) {
    if (attempt(until_ns <= now_ns || waiters_.size() >= kWaitersMax)) return;
    waiters_.emplace_back(until_ns, std::move(attempt));
  }

  // Something happened, or time passed.
  void poll(std::uint64_t now_ns) {
    std::erase_if(waiters_, [now_ns](auto& waiter) { return waiter.second(waiter.first <= now_ns); });
  }

  std::uint64_t deadline() const {
    std::uint64_t next = kNever;
    for (const auto& [until_ns, attempt] : waiters_) next = std::min(next, until_ns);
    return next;
  }

  bool empty() const { return waiters_.empty(); }

 private:
  std::vector<std::pair<std::uint64_t, Attempt>> waiters_;
};

}  // namespace dkvm
