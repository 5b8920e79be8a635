#pragma once

#include "devices/codec/limits.hpp"

#include <dkvm/events.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dkvm::codec {

// How many bits a second an encoder may make, by what the ways to its consumers say
// they can take. Fast down, slow up: with a queue, or pictures dropped, at any of them it
// goes to 80 % of what that way says it takes or, where that is no less, a third down;
// for each half second without one at all of them a tenth is added. Pure.
// Units: bits a second, nanoseconds
class RateControl {
 public:
  static constexpr std::uint32_t kQueueMsHigh = 60;  // from there on it goes down
  static constexpr std::uint32_t kQueueMsLow = 20;   // and up to there up
  // What was just taken off must show before more is.
  static constexpr std::uint64_t kDownIntervalNs = 200'000'000;
  static constexpr std::uint64_t kUpIntervalNs = 500'000'000;
  static constexpr double kDownShare = 0.67;
  static constexpr double kDownShareMost = 0.1;  // however slow the way says it is
  static constexpr double kUpShare = 1.1;
  static constexpr double kOfWayShare = 0.8;
  // A word about a queue that is so old says nothing any more.
  static constexpr std::uint64_t kStaleNs = 1'000'000'000;
  // Of more the one that was not heard for longest is forgotten.
  static constexpr std::size_t kConsumersMax = 64;

  explicit RateControl(std::uint64_t most = kBitrateDefault) : most_(most), now_(most) {}

  // What a person wants; from there on it is found out again what the way takes.
  void set_most(std::uint64_t most) { most_ = now_ = most; }
  std::uint64_t most() const { return most_; }
  // Never below this, however slow the way: then pictures become fewer.
  std::uint64_t least() const { return std::min(most_, kBitrateMin); }

  // consumer: any number that is its own
  void note(std::uint64_t consumer, const Feedback& feedback, std::uint64_t now_ns) {
    go_up(now_ns);
    Consumer& one = known(consumer);
    // A count that has gone back is that of another incarnation.
    const bool dropped = feedback.dropped > (feedback.dropped < one.dropped ? 0 : one.dropped);
    one.dropped = feedback.dropped;
    one.heard_ns = now_ns;
    one.queued_until_ns =
        feedback.queue_ms > kQueueMsLow ? now_ns + kStaleNs : std::min(one.queued_until_ns, now_ns);
    if (feedback.queue_ms < kQueueMsHigh && !dropped) return;
    if (down_ns_ != 0 && now_ns - down_ns_ < kDownIntervalNs) return;
    const double now = static_cast<double>(now_);
    const double way = static_cast<double>(feedback.bits_per_s) * kOfWayShare;
    const double down =
        way > 0 && way < now ? std::max(way, now * kDownShareMost) : now * kDownShare;
    now_ = std::max(least(), static_cast<std::uint64_t>(down));
    changed_ns_ = down_ns_ = now_ns;
  }

  // What holds now, however often it is asked.
  std::uint64_t bits_per_s(std::uint64_t now_ns) {
    go_up(now_ns);
    return now_;
  }

 private:
  struct Consumer {
    std::uint64_t number = 0;
    std::uint64_t dropped = 0;
    std::uint64_t heard_ns = 0;
    std::uint64_t queued_until_ns = 0;
  };

  Consumer& known(std::uint64_t number) {
    for (Consumer& each : consumers_)
      if (each.number == number) return each;
    if (consumers_.size() < kConsumersMax) return consumers_.emplace_back(Consumer{number});
    Consumer& oldest = *std::min_element(
        consumers_.begin(), consumers_.end(),
        [](const Consumer& a, const Consumer& b) { return a.heard_ns < b.heard_ns; });
    return oldest = Consumer{number};
  }

  // A step for each interval that has passed since the last change, and without a queue.
  void go_up(std::uint64_t now_ns) {
    std::uint64_t from = changed_ns_;
    for (const Consumer& each : consumers_) from = std::max(from, each.queued_until_ns);
    for (; now_ < most_ && from + kUpIntervalNs <= now_ns; changed_ns_ = from += kUpIntervalNs)
      now_ = std::min(most_, static_cast<std::uint64_t>(static_cast<double>(now_) * kUpShare));
  }

  std::uint64_t most_;
  std::uint64_t now_;
  std::vector<Consumer> consumers_;
  std::uint64_t changed_ns_ = 0;
  std::uint64_t down_ns_ = 0;
};

// What a picture gets of it. A picture of less than kPictureBitsMin shows nothing:
// there are rather fewer of them, kSlowFps at least.
struct PictureRate {
  static constexpr double kPictureBitsMin = 64'000;
  static constexpr double kSlowFps = 5;

  std::uint64_t bits_per_s = kBitrateDefault;
  double fps = kFpsDefault;

  static PictureRate of(std::uint64_t bits_per_s, double fps_max) {
    const double fps = static_cast<double>(bits_per_s) / kPictureBitsMin;
    return {bits_per_s, std::min(fps_max, std::max(fps, kSlowFps))};
  }
  std::uint64_t picture_bits() const {
    return static_cast<std::uint64_t>(static_cast<double>(bits_per_s) / fps);
  }
  std::uint64_t interval_ns() const { return static_cast<std::uint64_t>(1e9 / fps); }
  bool operator==(const PictureRate&) const = default;
};

}  // namespace dkvm::codec
