#include "devices/tcp/transport/clock_offset.hpp"

#include "devices/tcp/limits.hpp"

#include <chrono>
#include <cstdlib>

namespace dkvm::tcp {
namespace {

constexpr std::uint64_t kWindowNs = std::chrono::nanoseconds(kOffsetWindow).count();

std::int64_t signed_ns(std::uint64_t ns) { return static_cast<std::int64_t>(ns); }

constexpr std::uint64_t kUptimeNsMax = std::uint64_t{1} << 60;  // 36 years

}  // namespace

void ClockOffset::reset() { *this = {}; }

bool ClockOffset::add(const ClockSample& sample) {
  if (sample.received_ns < sample.sent_ns || sample.peer_sent_ns < sample.peer_received_ns)
    return false;
  const std::uint64_t there = sample.peer_sent_ns - sample.peer_received_ns;
  const std::uint64_t whole = sample.received_ns - sample.sent_ns;
  if (there > whole) return false;
  // A peer may say any number.
  if (std::max(sample.peer_sent_ns, sample.received_ns) > kUptimeNsMax) return false;
  // Half of the sum, without its overflow: uptimes are far below 2^62 ns.
  const std::int64_t out = signed_ns(sample.peer_received_ns - sample.sent_ns);
  const std::int64_t back = signed_ns(sample.peer_sent_ns - sample.received_ns);
  const Measured measured{sample.received_ns, whole - there, out / 2 + back / 2};
  if (has_jumped(measured)) reset();
  last_rtt_ns_ = measured.rtt_ns;

  const std::int64_t before = offset_ns(measured.at_ns);
  while (!window_.empty() && window_.front().at_ns + kWindowNs < measured.at_ns)
    window_.pop_front();
  while (!window_.empty() && window_.back().rtt_ns >= measured.rtt_ns) window_.pop_back();
  window_.push_back(measured);
  offset_ns_ = samples_ < kOffsetSamplesToSet ? window_.front().offset_ns : before;
  set_ns_ = measured.at_ns;
  ++samples_;
  return true;
}

// Two samples cannot differ by more than both of their bounds, and what clocks drift: but a
// machine that was suspended comes back with a clock that has stood still.
bool ClockOffset::has_jumped(const Measured& measured) const {
  if (!known()) return false;
  const Measured& best = window_.front();
  const std::int64_t bound = signed_ns(best.rtt_ns / 2 + measured.rtt_ns / 2) +
                             std::chrono::nanoseconds(kClockJumpMin).count();
  return std::abs(measured.offset_ns - best.offset_ns) > bound;
}

std::int64_t ClockOffset::offset_ns(std::uint64_t now_ns) const {
  if (!known()) return 0;
  const std::uint64_t passed_ns = now_ns > set_ns_ ? now_ns - set_ns_ : 0;
  const std::int64_t most =
      signed_ns(std::min(passed_ns, kWindowNs) / 1000) * kSlewUsPerSecondMax / 1000;
  return offset_ns_ + std::clamp(window_.front().offset_ns - offset_ns_, -most, most);
}

std::uint64_t ClockOffset::error_ns(std::uint64_t now_ns) const {
  if (!known()) return 0;
  const std::int64_t ahead = std::abs(window_.front().offset_ns - offset_ns(now_ns));
  return window_.front().rtt_ns / 2 + static_cast<std::uint64_t>(ahead);
}

}  // namespace dkvm::tcp
