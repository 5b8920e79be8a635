#pragma once

#include "devices/media/canvas.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace dkvm::test {

// How alike two pictures of XR24 of one size are, in dB; 99 when they are the same.
inline double psnr(const media::Canvas& a, const media::Canvas& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.bytes().size(); ++i) {
    if (i % 4 == 3) continue;  // means nothing
    const double difference =
        std::to_integer<int>(a.bytes()[i]) - std::to_integer<int>(b.bytes()[i]);
    sum += difference * difference;
  }
  const double mean = sum / (static_cast<double>(a.bytes().size()) * 3 / 4);
  return mean == 0 ? 99 : std::min(99.0, 10 * std::log10(255 * 255 / mean));
}

}  // namespace dkvm::test
