#include "devices/dummy/display/stamp.hpp"

#include "devices/media/crc32.hpp"
#include "devices/media/pixel.hpp"

#include <array>
#include <cstring>
#include <span>

namespace dkvm::dummy {
namespace {

constexpr std::uint32_t kMagic = 0x4D564B64;  // "dKVM" in memory

using Words = std::array<std::uint32_t, kStampHeight / kStampCellPixels>;

std::uint32_t crc_of(const Words& words) {
  return media::crc32(std::as_bytes(std::span(words)).first(sizeof(words) - sizeof(words.back())));
}

Words words_of(const Stamp& stamp) {
  const auto low = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
  Words words{kMagic,
              stamp.seed,
              low(stamp.number),
              low(stamp.number >> 32),
              low(stamp.capture_ns),
              low(stamp.capture_ns >> 32),
              stamp.digest};
  words.back() = crc_of(words);
  return words;
}

// The middle of the cell, where a codec's blur reaches last.
bool cell_is_white(const media::Canvas& canvas, const Rect& at, std::uint32_t row,
                   std::uint32_t column) {
  constexpr std::uint32_t kMiddle = kStampCellPixels / 2;
  const Rect pixel(at.x() + column * kStampCellPixels + kMiddle, 0, 1, 1);
  const Bytes bytes = canvas.row(pixel, at.y() + row * kStampCellPixels + kMiddle);
  const media::Rgba colour = media::read_pixel(canvas.fourcc(), bytes.data());
  return colour.r + colour.g + colour.b > 3 * 127;
}

}  // namespace

void draw_stamp(media::Canvas& canvas, const Rect& at, const Stamp& stamp) {
  const Words words = words_of(stamp);
  const std::uint32_t pixel_bytes = canvas.pixel_bytes();
  for (std::uint32_t row = 0; row < words.size(); ++row) {
    const std::uint32_t top = at.y() + row * kStampCellPixels;
    const auto first = canvas.row(at, top);
    for (std::uint32_t x = 0; x < kStampWidth; ++x) {
      const bool white = words[row] >> (31 - x / kStampCellPixels) & 1;
      const std::uint8_t level = white ? 255 : 0;
      media::write_pixel(canvas.fourcc(), {level, level, level}, first.data() + x * pixel_bytes);
    }
    for (std::uint32_t y = 1; y < kStampCellPixels; ++y)
      std::memcpy(canvas.row(at, top + y).data(), first.data(), first.size());
  }
}

std::optional<Stamp> read_stamp(const media::Canvas& canvas, const Rect& at) {
  if (!is_within(at, canvas.width(), canvas.height())) return std::nullopt;
  Words words{};
  for (std::uint32_t row = 0; row < words.size(); ++row)
    for (std::uint32_t column = 0; column < 32; ++column)
      words[row] = words[row] << 1 | (cell_is_white(canvas, at, row, column) ? 1 : 0);
  if (words[0] != kMagic || words.back() != crc_of(words)) return std::nullopt;
  const auto joined = [&](std::size_t low) {
    return words[low] | std::uint64_t{words[low + 1]} << 32;
  };
  return Stamp{words[1], joined(2), joined(4), words[6]};
}

}  // namespace dkvm::dummy
