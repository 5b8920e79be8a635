#pragma once

#include <dkvm/events.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

namespace dkvm::tcp {

// What waits of a stream for its connection, and how fast that goes: what the stream's
// producer is told (Feedback), so that it makes no more than the way takes. Pure.
// Units: bytes, nanoseconds
class WayMeter {
 public:
  static constexpr std::uint64_t kTellNs = 200'000'000;  // not more often
  // Less is on its way and does not wait. While more waits it is told again and again.
  static constexpr std::uint32_t kQueueMsMin = 30;
  // Only who has waited all the time shows what the way takes.
  static constexpr std::uint64_t kBusyNsMin = 100'000'000;
  static constexpr std::uint64_t kBusyNsMax = 500'000'000;
  static constexpr std::uint64_t kStaleNs = 2'000'000'000;

  // How old events are that did not wait anywhere: the least of so long.
  static constexpr std::uint64_t kLeastAgeNs = 5'000'000'000;

  // An event of so many bytes is to be sent; it is written, or dropped. Where it is older
  // than others were as they came, it has waited already: in the kernel, which lends a
  // stream few buffers at a time.
  void add(std::uint64_t sequence, std::uint64_t bytes, std::uint64_t capture_ns,
           std::uint64_t now_ns) {
    const std::uint64_t waited = waited_before(now_ns - std::min(now_ns, capture_ns), now_ns);
    if (waiting_.empty()) {
      busy_since_ns_ = now_ns;
      busy_bytes_ = 0;
    }
    waiting_.push_back({sequence, bytes, now_ns - std::min(now_ns, waited)});
    bytes_ += bytes;
  }
  void written(std::uint64_t sequence, std::uint64_t now_ns) {
    busy_bytes_ += remove(sequence);
    const std::uint64_t busy = now_ns - busy_since_ns_;
    if (busy < kBusyNsMin) return;
    rate_ = static_cast<std::uint64_t>(static_cast<double>(busy_bytes_) * 8e9 /
                                       static_cast<double>(busy));
    rated_at_ns_ = now_ns;
    if (busy < kBusyNsMax) return;
    busy_since_ns_ = now_ns;
    busy_bytes_ = 0;
  }
  void dropped(std::uint64_t sequence) {
    remove(sequence);
    ++dropped_;
  }
  // One that was not even taken.
  void dropped() { ++dropped_; }
  // The connection is another: what was on the old one is no more under way.
  void clear() {
    waiting_.clear();
    bytes_ = 0;
    rate_ = 0;
  }

  // What the producer should hear now; nullopt when that is no news.
  std::optional<Feedback> news(std::uint64_t now_ns) {
    if (told_at_ns_ != 0 && now_ns - told_at_ns_ < kTellNs) return std::nullopt;
    Feedback feedback;
    feedback.queue_bytes = bytes_;
    feedback.queue_ms = queue_ms(now_ns);
    feedback.dropped = dropped_;
    if (rate_ != 0 && now_ns - rated_at_ns_ < kStaleNs) feedback.bits_per_s = rate_;
    const bool waits = feedback.queue_ms >= kQueueMsMin;
    if (!waits && !told_of_queue_ && dropped_ == told_dropped_) return std::nullopt;
    told_of_queue_ = waits;
    told_dropped_ = dropped_;
    told_at_ns_ = now_ns;
    return feedback;
  }

 private:
  struct Waiting {
    std::uint64_t sequence;
    std::uint64_t bytes;
    std::uint64_t since_ns;
  };

  // The least age of the last one to two kLeastAgeNs is that without a wait.
  std::uint64_t waited_before(std::uint64_t age_ns, std::uint64_t now_ns) {
    if (now_ns - least_since_ns_ > kLeastAgeNs) {
      least_before_ns_ = std::exchange(least_now_ns_, age_ns);
      least_since_ns_ = now_ns;
    }
    least_now_ns_ = std::min(least_now_ns_, age_ns);
    return age_ns - std::min(age_ns, std::min(least_now_ns_, least_before_ns_));
  }

  std::uint32_t queue_ms(std::uint64_t now_ns) const {
    if (waiting_.empty()) return 0;
    const std::uint64_t ms = (now_ns - waiting_.front().since_ns) / 1'000'000;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(ms, UINT32_MAX));
  }
  // The bytes that it had.
  std::uint64_t remove(std::uint64_t sequence) {
    const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                    [=](const Waiting& each) { return each.sequence == sequence; });
    if (found == waiting_.end()) return 0;
    const std::uint64_t bytes = found->bytes;
    bytes_ -= bytes;
    waiting_.erase(found);
    return bytes;
  }

  std::deque<Waiting> waiting_;  // as many as the stream keeps
  std::uint64_t bytes_ = 0;
  std::uint64_t busy_since_ns_ = 0;
  std::uint64_t busy_bytes_ = 0;
  std::uint64_t least_now_ns_ = UINT64_MAX;
  std::uint64_t least_before_ns_ = UINT64_MAX;
  std::uint64_t least_since_ns_ = 0;
  std::uint64_t rate_ = 0;  // bits a second
  std::uint64_t rated_at_ns_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t told_at_ns_ = 0;
  std::uint64_t told_dropped_ = 0;
  bool told_of_queue_ = false;
};

}  // namespace dkvm::tcp
