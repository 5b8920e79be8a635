#include "kernel/log/rate.hpp"

#include <algorithm>

namespace dkvm {
namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

RateLimit::RateLimit(LogRate rate, TimePoint now)
    : rate_(rate), tokens_(static_cast<double>(rate.burst_bytes)), refilled_(now) {}

void RateLimit::refill(TimePoint now) {
  const double gained = seconds(now - refilled_) * static_cast<double>(rate_.bytes_per_s);
  tokens_ = std::min(tokens_ + gained, static_cast<double>(rate_.burst_bytes));
  refilled_ = now;
}

std::size_t RateLimit::allow(std::size_t wanted, TimePoint now) {
  if (rate_.bytes_per_s == 0) return wanted;
  refill(now);
  if (tokens_ < worth_reading()) {
    ++delays_;
    return 0;
  }
  return std::min(wanted, static_cast<std::size_t>(tokens_));
}

void RateLimit::spend(std::size_t bytes) {
  if (rate_.bytes_per_s != 0) tokens_ -= static_cast<double>(bytes);
}

// Reading on with less would be a wake-up for a few bytes each.
double RateLimit::worth_reading() const {
  const double share = static_cast<double>(rate_.bytes_per_s) / 16;
  return std::max(1.0, std::min(share, static_cast<double>(rate_.burst_bytes)));
}

TimePoint RateLimit::ready_at(TimePoint now) const {
  const double wait_s =
      std::max(worth_reading() - tokens_, 0.0) / static_cast<double>(rate_.bytes_per_s);
  constexpr Duration rounding = std::chrono::microseconds(1);
  return now + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(wait_s)) +
         rounding;
}

}  // namespace dkvm
