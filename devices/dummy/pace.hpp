#pragma once

#include <cmath>
#include <cstdint>

namespace dkvm::dummy {

// When each of a row of pictures or samples is due: counted from the beginning
// by its number, never from the last one, so that nothing adds up.
class Pace {
 public:
  static constexpr double kRateMin = 0.001;
  static constexpr double kRateMax = 1'000'000;

  // rate: how many a second, from kRateMin to kRateMax, exact to a thousandth;
  // 0: as fast as they are taken, each is due at once.
  explicit Pace(double rate) : per_1000_s_(static_cast<std::uint64_t>(std::llround(rate * 1000))) {}

  bool free_running() const { return per_1000_s_ == 0; }

  // Number `index` is due now, and all others by it.
  void begin(std::uint64_t index, std::uint64_t now_ns) {
    first_ = index;
    begin_ns_ = now_ns;
  }

  // Shape: index is not before the one that began
  std::uint64_t due_ns(std::uint64_t index) const {
    if (free_running()) return begin_ns_;
    constexpr std::uint64_t kNs = 1'000'000'000;
    // In steps that neither overflow nor round but once: whole thousands of
    // seconds, whole seconds of what is left, the rest.
    const std::uint64_t count = index - first_;
    const std::uint64_t thousands = count / per_1000_s_;
    const std::uint64_t left = count % per_1000_s_ * 1000;  // in 1/1000 of one
    const std::uint64_t seconds = left / per_1000_s_;
    const std::uint64_t rest = left % per_1000_s_;
    return begin_ns_ + (thousands * 1000 + seconds) * kNs + rest * kNs / per_1000_s_;
  }

 private:
  std::uint64_t per_1000_s_;
  std::uint64_t first_ = 0;
  std::uint64_t begin_ns_ = 0;
};

}  // namespace dkvm::dummy
