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
  if (tokens_ < 1.0) {
    ++delays_;
    return 0;
  }
  return std::min(wanted, static_cast<std::size_t>(tokens_));
}

void RateLimit::spend(std::size_t bytes) {
  if (rate_.bytes_per_s != 0) tokens_ -= static_cast<double>(bytes);
}

TimePoint RateLimit::ready_at(TimePoint now) const {
  const double per_s = static_cast<double>(rate_.bytes_per_s);
  const double goal =
      std::min(std::max(per_s / 16, 1.0), std::max(1.0, static_cast<double>(rate_.burst_bytes)));
  const double wait_s = std::max(goal - tokens_, 0.0) / per_s;
  return now + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(wait_s)) +
         Duration(1);
}

}  // namespace dkvm
