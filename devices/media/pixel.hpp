#pragma once

#include <dkvm/pixels.hpp>

#include <cstddef>
#include <cstdint>

namespace dkvm::media {

// A pixel of any format; alpha is 255 where the format has none.
struct Rgba {
  std::uint8_t r = 0;
  std::uint8_t g = 0;
  std::uint8_t b = 0;
  std::uint8_t a = 255;

  bool operator==(const Rgba&) const = default;
};

// Reads and writes one pixel.
// Shape: fourcc is one of kPixelFormats; at has bytes_per_pixel(fourcc) bytes
Rgba read_pixel(std::uint32_t fourcc, const std::byte* at);
void write_pixel(std::uint32_t fourcc, const Rgba& pixel, std::byte* at);

}  // namespace dkvm::media
