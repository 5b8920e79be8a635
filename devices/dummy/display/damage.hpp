#pragma once

#include "devices/dummy/random.hpp"

#include <dkvm/picture.hpp>

#include <algorithm>
#include <cstdint>

namespace dkvm::dummy {

// An area of the picture by chance, no smaller than least_width x least_height
// (or all, where the picture itself is smaller).
inline Rect random_damage(SeededRandom& random, const Rect& all, std::uint32_t least_width,
                          std::uint32_t least_height) {
  const std::uint32_t width = random.between(std::min(least_width, all.width()), all.width());
  const std::uint32_t height = random.between(std::min(least_height, all.height()), all.height());
  const std::uint32_t x = random.between(0, all.width() - width);
  return {x, random.between(0, all.height() - height), width, height};
}

}  // namespace dkvm::dummy
