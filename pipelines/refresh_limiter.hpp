#pragma once

#include <dkvm/wire/upstream_generated.h>
#include <dkvm/frame.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace dkvm::detail {

// A set of RefreshWhat.
using RefreshBits = std::uint8_t;

constexpr RefreshBits refresh_bit(wire::RefreshWhat what) {
  return static_cast<RefreshBits>(1U << static_cast<unsigned>(what));
}

// Merges the requests that go to one producer and lets them through at most
// four times a second: delayed, never lost. Of the kernels that they came through
// the merged request names those that all did: so one that goes round in a circle is
// known where it began.
class RefreshLimiter {
 public:
  static constexpr std::uint64_t kIntervalMinNs = 250'000'000;
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  // hops: stamps of the kernels that it came through.
  void request(RefreshBits what, Bytes hops = {}) {
    std::vector<wire::HopStamp> came;
    for (std::size_t i = 0; i < hops.size() / kHopStampBytes; ++i)
      came.push_back(read_struct<wire::HopStamp>(hops, i));
    if (pending_ == 0) {
      hops_ = std::move(came);
    } else {
      std::erase_if(hops_, [&](const wire::HopStamp& hop) {
        return std::none_of(came.begin(), came.end(), [&](const wire::HopStamp& other) {
          return other.kernel() == hop.kernel();
        });
      });
    }
    pending_ = static_cast<RefreshBits>(pending_ | what);
  }

  // What may be sent now, which then counts as sent; 0 when nothing may.
  RefreshBits poll(std::uint64_t now_ns) {
    if (pending_ == 0 || now_ns < next_ns_) return 0;
    const RefreshBits granted = pending_;
    pending_ = 0;
    next_ns_ = now_ns + kIntervalMinNs;
    return granted;
  }

  // Of what poll() gave last.
  const std::vector<wire::HopStamp>& hops() const { return hops_; }

  // When poll() will give something.
  std::uint64_t due_ns() const { return pending_ == 0 ? kNever : next_ns_; }

 private:
  RefreshBits pending_ = 0;
  std::uint64_t next_ns_ = 0;
  std::vector<wire::HopStamp> hops_;
};

}  // namespace dkvm::detail
