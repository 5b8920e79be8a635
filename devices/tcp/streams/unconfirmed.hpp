#pragma once

#include "devices/tcp/limits.hpp"

#include <dkvm/frame.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

namespace dkvm::tcp {

// Events of the input connection that were sent and that the peer has not
// confirmed yet, of all streams in the order of their sending: after a new
// connection they are sent once more. Pure.
class Unconfirmed {
 public:
  void add(std::uint16_t stream, std::uint64_t sequence, std::vector<std::byte> frame) {
    bytes_ += frame.size();
    events_.push_back({stream, sequence, std::move(frame)});
  }

  // The peer has everything of this stream up to `sequence`.
  void confirm(std::uint16_t stream, std::uint64_t sequence) {
    forget(
        [=](const Event& event) { return event.stream == stream && event.sequence <= sequence; });
  }
  void drop_stream(std::uint16_t stream) {
    forget([=](const Event& event) { return event.stream == stream; });
  }
  // Drops what `stale` says is worth nothing any more, and says how many.
  std::size_t drop_stale(const std::function<bool(Bytes frame)>& stale) {
    const std::size_t before = events_.size();
    forget([&](const Event& event) { return stale(event.frame); });
    return before - events_.size();
  }

  bool has(std::uint16_t stream, std::uint64_t sequence) const {
    return std::any_of(events_.begin(), events_.end(), [=](const Event& event) {
      return event.stream == stream && event.sequence == sequence;
    });
  }
  void each(const std::function<void(std::uint16_t stream, Bytes frame)>& act) const {
    for (const Event& event : events_) act(event.stream, event.frame);
  }

  // Sources are asked to wait then. What was under way is taken all the same.
  bool full() const {
    return events_.size() >= kUnconfirmedEventsMax || bytes_ >= kUnconfirmedBytesMax;
  }
  bool half_empty() const {
    return events_.size() <= kUnconfirmedEventsMax / 2 && bytes_ <= kUnconfirmedBytesMax / 2;
  }
  std::size_t size() const { return events_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Event {
    std::uint16_t stream;
    std::uint64_t sequence;
    std::vector<std::byte> frame;
  };

  // Confirmed events are mostly the oldest: those go without a look at the rest.
  template <class Gone>
  void forget(const Gone& gone) {
    while (!events_.empty() && gone(events_.front())) {
      bytes_ -= events_.front().frame.size();
      events_.pop_front();
    }
    std::erase_if(events_, [&](const Event& event) {
      if (!gone(event)) return false;
      bytes_ -= event.frame.size();
      return true;
    });
  }

  std::deque<Event> events_;
  std::size_t bytes_ = 0;
};

}  // namespace dkvm::tcp
