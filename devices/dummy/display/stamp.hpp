#pragma once

#include "devices/media/canvas.hpp"

#include <cstdint>
#include <optional>

namespace dkvm::dummy {

// What a test picture says of itself, in black and white cells of its pixels
// that any pixel format and any decent codec keep.
struct Stamp {
  std::uint32_t seed = 0;        // of the source: tells one from another
  std::uint64_t number = 0;      // of the picture, from 1
  std::uint64_t capture_ns = 0;  // CLOCK_MONOTONIC of the source's machine
  std::uint32_t digest = 0;      // of all pixels outside the stamp

  bool operator==(const Stamp&) const = default;
};

inline constexpr std::uint32_t kStampCellPixels = 4;
inline constexpr std::uint32_t kStampWidth = 32 * kStampCellPixels;  // a word a row of cells
inline constexpr std::uint32_t kStampHeight = 8 * kStampCellPixels;

// Where the stamp of an area stands: at its top left.
inline Rect stamp_area(const Rect& area) { return {area.x(), area.y(), kStampWidth, kStampHeight}; }

// Shape: at = stamp_area() of an area that lies within the canvas and holds it
void draw_stamp(media::Canvas& canvas, const Rect& at, const Stamp& stamp);

// nullopt when there is no stamp, or one of which a bit is wrong.
std::optional<Stamp> read_stamp(const media::Canvas& canvas, const Rect& at);

}  // namespace dkvm::dummy
