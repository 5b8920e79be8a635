#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace dkvm::tcp {

// What a ping and its pong say: two times of this clock, two of the peer's.
struct ClockSample {
  std::uint64_t sent_ns;           // here: the ping
  std::uint64_t peer_received_ns;  // there
  std::uint64_t peer_sent_ns;      // there: the pong
  std::uint64_t received_ns;       // here
};

// How far a peer's clock is from this one. Of the samples of the last 10 s the
// one with the shortest way counts; its half is the bound of the error. Once it
// is set, the offset moves towards what is measured by at most 500 µs a second; a clock
// that has stood still (a machine was suspended) is a new beginning.
class ClockOffset {
 public:
  // A new session, or time itself has jumped: nothing known of before holds.
  void reset();

  // False for a sample that no clocks can have made.
  bool add(const ClockSample& sample);

  bool known() const { return !window_.empty(); }
  std::uint64_t rtt_ns() const { return last_rtt_ns_; }  // of the last sample
  std::uint64_t min_rtt_ns() const { return known() ? window_.front().rtt_ns : 0; }
  std::int64_t offset_ns(std::uint64_t now_ns) const;  // the peer's clock minus this one
  std::uint64_t error_ns(std::uint64_t now_ns) const;  // bound, what is not slewed yet included

  // A time of the peer's clock on this one; the time itself while nothing is known.
  std::uint64_t to_local(std::uint64_t peer_ns, std::uint64_t now_ns) const {
    const auto local = static_cast<std::int64_t>(peer_ns) - offset_ns(now_ns);
    return static_cast<std::uint64_t>(std::max<std::int64_t>(local, 0));
  }

 private:
  struct Measured {
    std::uint64_t at_ns;
    std::uint64_t rtt_ns;
    std::int64_t offset_ns;
  };

  bool has_jumped(const Measured& measured) const;

  // Rising round trips: the front is the window's shortest.
  std::deque<Measured> window_;
  std::size_t samples_ = 0;
  std::uint64_t last_rtt_ns_ = 0;
  std::int64_t offset_ns_ = 0;  // as it was at set_ns_
  std::uint64_t set_ns_ = 0;
};

// Times of one source on this clock that never go backwards.
class ClockFor {
 public:
  std::uint64_t at(std::uint64_t local_ns) { return last_ns_ = std::max(last_ns_, local_ns); }

 private:
  std::uint64_t last_ns_ = 0;
};

}  // namespace dkvm::tcp
