#include "devices/dummy/display/digest.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace dkvm::dummy {
namespace {

constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15;

std::uint64_t load(const std::byte* at, std::size_t bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, bytes);
  return value;
}

std::uint64_t stirred(std::uint64_t lane, std::uint64_t value) {
  return std::rotl((lane ^ value) * kFactor, 29);
}

std::uint32_t band_count(std::uint32_t rows, std::uint32_t band_rows) {
  return (rows + band_rows - 1) / band_rows;
}

}  // namespace

std::uint64_t hash_of(Bytes bytes, std::uint64_t seed) {
  // Four lanes, because a multiplication takes as long as four can be begun.
  std::uint64_t lanes[4] = {seed ^ bytes.size(), seed + 1, seed + 2, seed + 3};
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 32; left -= 32, at += 32)
    for (std::size_t lane = 0; lane < 4; ++lane)
      lanes[lane] = stirred(lanes[lane], load(at + 8 * lane, 8));
  for (; left >= 8; left -= 8, at += 8) lanes[0] = stirred(lanes[0], load(at, 8));
  if (left > 0) lanes[1] = stirred(lanes[1], load(at, left));
  std::uint64_t hash = 0;
  for (const std::uint64_t lane : lanes) hash = stirred(hash, lane);
  return hash ^ hash >> 32;
}

void PictureDigest::touch(const media::Canvas& canvas, const Rect& area) {
  bands_.resize(band_count(canvas.height(), kBandRows));
  if (is_empty(area)) return;
  const std::uint32_t end = (area.y() + area.height() - 1) / kBandRows + 1;
  for (std::uint32_t band = area.y() / kBandRows; band < end; ++band) bands_[band].touched = true;
}

std::uint32_t PictureDigest::of(const media::Canvas& canvas, const Rect& without) {
  touch(canvas, without);
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < bands_.size(); ++i) {
    Band& band = bands_[i];
    if (band.touched) band.hash = hash_of_band(canvas, i * kBandRows, without);
    band.touched = false;
    sum = stirred(sum, band.hash);
  }
  touch(canvas, without);  // the next sum has these pixels with it
  return static_cast<std::uint32_t>(sum ^ sum >> 32);
}

std::uint64_t PictureDigest::hash_of_band(const media::Canvas& canvas, std::uint32_t top,
                                          const Rect& without) {
  std::uint64_t hash = top;
  const std::uint32_t end = std::min(top + kBandRows, canvas.height());
  for (std::uint32_t y = top; y < end; ++y) {
    if (y < without.y() || y >= without.y() + without.height()) {
      hash = hash_of(canvas.row(canvas.area(), y), hash);
      continue;
    }
    const std::uint32_t right = without.x() + without.width();
    hash = hash_of(canvas.row({0, y, without.x(), 1}, y), hash);
    hash = hash_of(canvas.row({right, y, canvas.width() - right, 1}, y), hash);
  }
  return hash;
}

}  // namespace dkvm::dummy
