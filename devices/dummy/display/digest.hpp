#pragma once

#include "devices/media/canvas.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dkvm::dummy {

// 64 bits of the bytes, at the speed of memory; the same on every machine of
// our byte order, of no use against an enemy.
std::uint64_t hash_of(Bytes bytes, std::uint64_t seed);

// The sum of a picture that changes by parts: only bands of rows that were
// touched are read again.
class PictureDigest {
 public:
  // The pixels in this area have changed.
  void touch(const media::Canvas& canvas, const Rect& area);

  // Of all pixels but those in `without`, an area that the next sum has with it.
  std::uint32_t of(const media::Canvas& canvas, const Rect& without);

 private:
  static constexpr std::uint32_t kBandRows = 16;

  struct Band {
    std::uint64_t hash = 0;
    bool touched = true;
  };

  static std::uint64_t hash_of_band(const media::Canvas& canvas, std::uint32_t top,
                                    const Rect& without);

  std::vector<Band> bands_;
};

}  // namespace dkvm::dummy
