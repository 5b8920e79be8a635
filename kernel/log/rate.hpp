#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/loop/clock.hpp"

namespace dkvm {

// How much of a device's stderr is read; 0 bytes a second is without limit.
struct LogRate {
  std::size_t bytes_per_s = 256 * 1024;
  std::size_t burst_bytes = 256 * 1024;
};

// A token bucket over bytes, pure.
class RateLimit {
 public:
  RateLimit(LogRate rate, TimePoint now);

  // Bytes that may be read now, up to `wanted`. 0 starts a delay, which is
  // counted, when there are not even a sixteenth of a second's bytes.
  std::size_t allow(std::size_t wanted, TimePoint now);
  void spend(std::size_t bytes);
  // When such a delay ends.
  TimePoint ready_at(TimePoint now) const;

  std::uint64_t delays() const { return delays_; }

 private:
  void refill(TimePoint now);
  double worth_reading() const;

  LogRate rate_;
  double tokens_;
  TimePoint refilled_;
  std::uint64_t delays_ = 0;
};

}  // namespace dkvm
