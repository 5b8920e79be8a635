#include "devices/tcp/bulk/pace.hpp"

#include <algorithm>

namespace dkvm::tcp {

void Pace::note(std::uint64_t now_ns, const Figures& figures, bool waiting) {
  last_ = figures;
  if (sampled_at_ns_ == 0 || figures.acked_bytes < sampled_bytes_) {
    sampled_at_ns_ = now_ns;
    sampled_bytes_ = figures.acked_bytes;
    return;
  }
  const std::uint64_t took = now_ns - sampled_at_ns_;
  if (took < std::max(kSampleNsMin, figures.min_rtt_ns)) return;
  const bool few = figures.acked_bytes - sampled_bytes_ < kSampleSegments * figures.segment_bytes;
  if (few && took < kSampleNsMax) return;
  const double per_second =
      static_cast<double>(figures.acked_bytes - sampled_bytes_) * 1e9 / static_cast<double>(took);
  const auto measured = static_cast<std::uint64_t>(per_second);
  sampled_at_ns_ = now_ns;
  sampled_bytes_ = figures.acked_bytes;
  if (!waiting && measured <= rate()) return;
  rates_[next_++ % kSamples] = measured;
}

std::uint64_t Pace::rate() const { return *std::max_element(rates_.begin(), rates_.end()); }

std::uint64_t Pace::window_bytes() const {
  const double held =
      static_cast<double>(rate()) * static_cast<double>(last_.min_rtt_ns + kSlackNs) / 1e9;
  return static_cast<std::uint64_t>(held) + last_.segment_bytes;
}

}  // namespace dkvm::tcp
