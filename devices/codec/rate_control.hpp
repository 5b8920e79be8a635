#pragma once

#include "devices/codec/limits.hpp"

#include <dkvm/events.hpp>

#include <algorithm>
#include <cstdint>

namespace dkvm::codec {

// How many bits a second an encoder may make, by what the way to its consumers says
// it can take. Fast down, slow up: with a queue, or pictures dropped, it goes to 80 % of
// what the way says it takes or, where that is no less, a third down; without one a tenth
// is added each half second. Pure.
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

  explicit RateControl(std::uint64_t most = kBitrateDefault) : most_(most), now_(most) {}

  // What a person wants; from there on it is found out again what the way takes.
  void set_most(std::uint64_t most) { most_ = now_ = most; }
  std::uint64_t most() const { return most_; }
  // Never below this, however slow the way: then pictures become fewer.
  std::uint64_t least() const { return std::min(most_, kBitrateMin); }

  void note(const Feedback& feedback, std::uint64_t now_ns) {
    const bool dropped = feedback.dropped > dropped_;
    dropped_ = feedback.dropped;
    heard_ns_ = now_ns;
    queue_ms_ = feedback.queue_ms;
    if (feedback.queue_ms < kQueueMsHigh && !dropped) return;
    if (now_ns - changed_ns_ < kDownIntervalNs && changed_ns_ != 0) return;
    const double now = static_cast<double>(now_);
    const double way = static_cast<double>(feedback.bits_per_s) * kOfWayShare;
    const double down =
        way > 0 && way < now ? std::max(way, now * kDownShareMost) : now * kDownShare;
    now_ = std::max(least(), static_cast<std::uint64_t>(down));
    changed_ns_ = now_ns;
  }

  // What holds now. Goes up by being asked.
  std::uint64_t bits_per_s(std::uint64_t now_ns) {
    if (now_ == most_) return now_;
    const bool queued = queue_ms_ > kQueueMsLow && now_ns - heard_ns_ < kStaleNs;
    if (queued || now_ns - changed_ns_ < kUpIntervalNs) return now_;
    now_ = std::min(most_, static_cast<std::uint64_t>(static_cast<double>(now_) * kUpShare));
    changed_ns_ = now_ns;
    return now_;
  }

 private:
  std::uint64_t most_;
  std::uint64_t now_;
  std::uint64_t dropped_ = 0;
  std::uint32_t queue_ms_ = 0;
  std::uint64_t heard_ns_ = 0;
  std::uint64_t changed_ns_ = 0;
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
