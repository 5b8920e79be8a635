#pragma once

#include "pipelines/stats.hpp"

#include <dkvm/frame.hpp>

#include <cstdint>

namespace dkvm::detail {

// The time that a frame spent in the kernels which it has passed.
inline std::uint64_t time_in_hops(const Frame& frame) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < frame.header.hop_count(); ++i) {
    const wire::HopStamp hop = frame.hop(i);
    if (hop.sent_ns() > hop.received_ns()) sum += hop.sent_ns() - hop.received_ns();
  }
  return sum;
}

// False for what came in a circle or through too many kernels; it is counted.
inline bool may_pass(const Frame& frame, std::uint64_t kernel_id, RouterTotals& totals) {
  for (std::size_t i = 0; i < frame.header.hop_count(); ++i) {
    if (frame.hop(i).kernel() != kernel_id) continue;
    ++totals.looped;
    return false;
  }
  if (frame.header.hop_count() < kHopsMax) return true;
  ++totals.hops_exceeded;
  return false;
}

}  // namespace dkvm::detail
