#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace dkvm::tcp {

// How many bytes may be unacknowledged on the bulk connection: what the path
// holds, and a segment more that finds out whether it holds more. A deeper queue
// would stand before the keys of the other connection. Pure.
// Units: bytes, nanoseconds; rates in bytes a second
class Pace {
 public:
  // What the kernel's TCP says of the connection.
  struct Figures {
    std::uint64_t acked_bytes = 0;  // since the connection began
    std::uint64_t unacked_bytes = 0;
    std::uint64_t min_rtt_ns = 0;
    std::uint32_t segment_bytes = 1448;
  };

  // waiting: there was more to send than allowed; else the rate that shows is
  // the sender's and not the path's, and only counts when it is higher.
  void note(std::uint64_t now_ns, const Figures& figures, bool waiting);

  // What may be in flight.
  std::uint64_t window_bytes() const;
  std::uint64_t rate() const;

 private:
  // A path that became slower is believed after so many samples.
  static constexpr std::size_t kSamples = 10;
  static constexpr std::uint64_t kSampleNsMin = 10'000'000;
  // Acknowledgements come a segment at a time: few of them would be a rough measure.
  static constexpr std::uint64_t kSampleSegments = 16;
  static constexpr std::uint64_t kSampleNsMax = 200'000'000;
  // An acknowledgement is late by that much without any queue: timers, wake-ups.
  static constexpr std::uint64_t kSlackNs = 8'000'000;

  std::array<std::uint64_t, kSamples> rates_{};
  std::size_t next_ = 0;
  std::uint64_t sampled_at_ns_ = 0;
  std::uint64_t sampled_bytes_ = 0;
  Figures last_{};
};

}  // namespace dkvm::tcp
