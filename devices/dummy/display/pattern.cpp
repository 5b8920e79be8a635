#include "devices/dummy/display/pattern.hpp"

#include "devices/dummy/display/damage.hpp"
#include "devices/media/pixel.hpp"

#include <algorithm>
#include <cstring>

namespace dkvm::dummy {
namespace {

constexpr std::uint32_t kTilePixels = 16;

media::Rgba colour_of(std::uint32_t column, std::uint32_t row, std::uint64_t number) {
  const auto byte = [](std::uint64_t value) { return static_cast<std::uint8_t>(value); };
  return {byte(column * 7 + number * 2), byte(row * 11 + number * 3),
          byte((column ^ row) * 5 + number)};
}

}  // namespace

Result<std::optional<Rect>> PatternPainter::draw(std::uint64_t number, bool partial) {
  SeededRandom random(seed_, number);
  const Rect area =
      partial ? random_damage(random, canvas_.area(), kStampWidth, kStampHeight) : canvas_.area();
  draw_tiles(area, number);
  digest_.touch(canvas_, area);
  return area;
}

// One row of pixels for each row of tiles; the others are its copies.
void PatternPainter::draw_tiles(const Rect& area, std::uint64_t number) {
  const std::uint32_t pixel_bytes = canvas_.pixel_bytes();
  const std::uint32_t bottom = area.y() + area.height();
  for (std::uint32_t top = area.y(); top < bottom;) {
    const std::uint32_t tile_row = top / kTilePixels;
    const std::uint32_t end = std::min((tile_row + 1) * kTilePixels, bottom);
    const auto first = canvas_.row(area, top);
    for (std::uint32_t x = 0; x < area.width(); ++x) {
      std::byte* pixel = first.data() + std::size_t{x} * pixel_bytes;
      if (x != 0 && (area.x() + x) % kTilePixels != 0) {
        std::memcpy(pixel, pixel - pixel_bytes, pixel_bytes);
      } else {
        const std::uint32_t column = (area.x() + x) / kTilePixels;
        media::write_pixel(canvas_.fourcc(), colour_of(column, tile_row, number), pixel);
      }
    }
    for (std::uint32_t y = top + 1; y < end; ++y)
      std::memcpy(canvas_.row(area, y).data(), first.data(), first.size());
    top = end;
  }
}

void PatternPainter::sign(const Rect& area, std::uint64_t number, std::uint64_t capture_ns) {
  const Rect at = stamp_area(area);
  draw_stamp(canvas_, at, {seed_, number, capture_ns, digest_.of(canvas_, at)});
}

std::optional<Stamp> PatternCheck::check(const media::Canvas& canvas, const Rect& area) {
  digest_.touch(canvas, area);
  const Rect at = stamp_area(area);
  const auto stamp = read_stamp(canvas, at);
  if (!stamp || digest_.of(canvas, at) != stamp->digest) return std::nullopt;
  return stamp;
}

}  // namespace dkvm::dummy
