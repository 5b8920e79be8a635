#pragma once

#include "devices/x11/input/codes.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace dkvm::x11 {

// Whole numbers out of a stream of fractions: what is left over counts with the next.
class Whole {
 public:
  int take(double amount) {
    left_ += std::clamp(amount, -kAtOnceMax, kAtOnceMax);
    const double whole = std::trunc(left_);
    left_ -= whole;
    return static_cast<int>(whole);
  }
  void forget() { left_ = 0; }

 private:
  static constexpr double kAtOnceMax = 1'000'000;
  double left_ = 0;
};

// Notches of a wheel that knows no smaller steps; the remainder is kept.
class Notches {
 public:
  static constexpr int kAtOnceMax = 64;  // a finger does not turn further at once

  // Of one axis, in 1/120. More than kAtOnceMax notches count as that many.
  int take(std::int32_t value120) {
    left_ += std::clamp(value120, -kAtOnceMax * kNotch, kAtOnceMax * kNotch);
    const std::int32_t notches = left_ / kNotch;
    left_ -= notches * kNotch;
    return notches;
  }

 private:
  std::int32_t left_ = 0;
};

}  // namespace dkvm::x11
