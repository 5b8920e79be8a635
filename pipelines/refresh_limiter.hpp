#pragma once

#include <dkvm/wire/upstream_generated.h>

#include <cstdint>

namespace dkvm::detail {

// A set of RefreshWhat.
using RefreshBits = std::uint8_t;

constexpr RefreshBits refresh_bit(wire::RefreshWhat what) {
  return static_cast<RefreshBits>(1U << static_cast<unsigned>(what));
}

// Merges the requests that go to one producer and lets them through at most
// four times a second: delayed, never lost.
class RefreshLimiter {
 public:
  static constexpr std::uint64_t kIntervalMinNs = 250'000'000;
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  void request(RefreshBits what) { pending_ = static_cast<RefreshBits>(pending_ | what); }

  // What may be sent now, which then counts as sent; 0 when nothing may.
  RefreshBits poll(std::uint64_t now_ns) {
    if (pending_ == 0 || now_ns < next_ns_) return 0;
    const RefreshBits granted = pending_;
    pending_ = 0;
    next_ns_ = now_ns + kIntervalMinNs;
    return granted;
  }

  // When poll() will give something.
  std::uint64_t due_ns() const { return pending_ == 0 ? kNever : next_ns_; }

 private:
  RefreshBits pending_ = 0;
  std::uint64_t next_ns_ = 0;
};

}  // namespace dkvm::detail
