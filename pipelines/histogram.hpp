#pragma once

#include "pipelines/stats.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace dkvm::detail {

// Durations in about 2 KB, whatever their number: log-linear as HdrHistogram,
// 16 steps an octave (within 3 %) from 32 ns to 9 minutes, what is longer
// counts as the longest.
// Units: ns
class Histogram {
 public:
  void record(std::uint64_t value_ns) {
    max_ns_ = std::max(max_ns_, value_ns);
    ++count_;
    std::uint32_t& bucket = buckets_[index_of(value_ns)];
    if (++bucket == std::numeric_limits<std::uint32_t>::max()) halve();
  }

  void merge(const Histogram& other) {
    max_ns_ = std::max(max_ns_, other.max_ns_);
    count_ += other.count_;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      while (buckets_[i] >= std::numeric_limits<std::uint32_t>::max() - other.buckets_[i]) halve();
      buckets_[i] += other.buckets_[i];
    }
  }

  void reset() { *this = Histogram(); }

  // The value that `share` (0 .. 1) of all do not exceed; 0 without any.
  std::uint64_t percentile(double share) const {
    std::uint64_t total = 0;
    for (const std::uint32_t bucket : buckets_) total += bucket;
    if (total == 0) return 0;
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total) + 0.5);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += buckets_[i];
      if (seen >= std::max<std::uint64_t>(wanted, 1)) return std::min(middle_of(i), max_ns_);
    }
    return max_ns_;
  }

  LatencyStats stats() const {
    LatencyStats stats = {count_, percentile(0.5), percentile(0.99), percentile(0.999), max_ns_};
    std::size_t bound = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      if (buckets_[i] == 0) continue;
      const std::uint64_t middle_ns = middle_of(i);
      while (bound < kLatencyBoundsNs.size() && middle_ns > kLatencyBoundsNs[bound]) ++bound;
      stats.buckets[bound] += buckets_[i];
      stats.sum_ns += buckets_[i] * middle_ns;
    }
    return stats;
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t max_ns() const { return max_ns_; }

 private:
  static constexpr unsigned kUnitBits = 5;  // 32 ns
  static constexpr unsigned kStepBits = 4;  // 16 steps an octave
  static constexpr std::size_t kSteps = std::size_t{1} << kStepBits;
  static constexpr std::size_t kOctaves = 31;
  static constexpr std::size_t kBuckets = kSteps * kOctaves;

  static std::size_t index_of(std::uint64_t value_ns) {
    const std::uint64_t units = value_ns >> kUnitBits;
    if (units < kSteps) return static_cast<std::size_t>(units);
    const auto octave = static_cast<unsigned>(std::bit_width(units)) - kStepBits;
    if (octave >= kOctaves) return kBuckets - 1;
    return octave * kSteps + static_cast<std::size_t>((units >> (octave - 1)) & (kSteps - 1));
  }

  static std::uint64_t middle_of(std::size_t index) {
    const std::uint64_t half_unit = std::uint64_t{1} << (kUnitBits - 1);
    if (index < kSteps) return (std::uint64_t{index} << kUnitBits) + half_unit;
    const unsigned shift = static_cast<unsigned>(index / kSteps) - 1;
    const std::uint64_t low = (kSteps + index % kSteps) << shift;
    return (low << kUnitBits) + (half_unit << shift);
  }

  // Keeps the shape when a bucket is full, after 4 thousand million events.
  void halve() {
    for (std::uint32_t& bucket : buckets_) bucket /= 2;
  }

  std::array<std::uint32_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ns_ = 0;
};

static_assert(sizeof(Histogram) <= 2048);

}  // namespace dkvm::detail
