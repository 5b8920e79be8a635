#include "devices/dummy/display/stamp.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::dummy;

namespace {

const Stamp kStamp{.seed = 0xDEADBEEF,
                   .number = 0x0123456789ABCDEF,
                   .capture_ns = 0xFEDCBA9876543210,
                   .digest = 0x0F1E2D3C};

}  // namespace

TEST_CASE("a stamp is read back wherever it stands, in every pixel format") {
  for (const std::uint32_t fourcc : kPixelFormats) {
    INFO(fourcc_name(fourcc));
    media::Canvas canvas(kStampWidth + 5, kStampHeight + 3, fourcc);
    const Rect at = stamp_area({5, 3, 0, 0});
    draw_stamp(canvas, at, kStamp);
    CHECK(read_stamp(canvas, at) == kStamp);
    CHECK_FALSE(read_stamp(canvas, stamp_area({1, 3, 0, 0})));
    CHECK_FALSE(read_stamp(canvas, stamp_area({6, 3, 0, 0})));  // reaches out of the picture
  }
}

TEST_CASE("a stamp survives what a codec does to levels, and no turned cell") {
  media::Canvas canvas(kStampWidth, kStampHeight, kXR24);
  draw_stamp(canvas, canvas.area(), kStamp);
  for (std::byte& byte : canvas.bytes())
    byte = byte == std::byte{0} ? std::byte{60} : std::byte{200};
  CHECK(read_stamp(canvas, canvas.area()) == kStamp);
  for (std::uint32_t row = 0; row < 8; ++row) {
    for (std::uint32_t column = 0; column < 32; ++column) {
      media::Canvas turned = canvas;
      const Rect cell(column * kStampCellPixels, 0, kStampCellPixels, 1);
      for (std::uint32_t y = 0; y < kStampCellPixels; ++y)
        for (std::byte& byte : turned.row(cell, row * kStampCellPixels + y)) byte = ~byte;
      REQUIRE_FALSE(read_stamp(turned, canvas.area()));
    }
  }
}

TEST_CASE("a picture smaller than a stamp has none") {
  const media::Canvas canvas(kStampWidth - 1, kStampHeight, kXR24);
  CHECK_FALSE(read_stamp(canvas, stamp_area(canvas.area())));
}
