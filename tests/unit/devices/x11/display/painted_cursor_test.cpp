#include "devices/x11/display/painted_cursor.hpp"
#include "devices/x11/display/pixels.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

using namespace dkvm;
using namespace dkvm::x11;

namespace {

using Pixels = std::vector<std::uint32_t>;

// dkvm's, not Xlib's.
using Pointer = dkvm::Cursor;

Pointer pointer_at(std::int32_t x, std::int32_t y) {
  Pointer pointer;
  pointer.x = x;
  pointer.y = y;
  pointer.hot_x = pointer.hot_y = 1;
  pointer.width = pointer.height = 3;
  pointer.shape = 9;
  return pointer;
}

const Pixels kRed(9, 0xFFFF0000);

}  // namespace

TEST_CASE("a pointer whose shape is not known is asked for, and known when it has come") {
  PaintedCursor cursor;
  cursor.place(Placement(Scale::none, {100, 100}, {100, 100}));
  CHECK_FALSE(cursor.take(pointer_at(5, 5), {}));
  CHECK(is_empty(cursor.area()));
  CHECK_FALSE(cursor.take(pointer_at(5, 5), std::as_bytes(std::span(kRed).first(8))));  // too short
  CHECK(cursor.take(pointer_at(5, 5), std::as_bytes(std::span(kRed))));
  CHECK(cursor.take(pointer_at(6, 5), {}));
  Pointer other = pointer_at(6, 5);
  other.shape = 10;
  CHECK_FALSE(cursor.take(other, {}));
}

TEST_CASE("a pointer is cut at the picture's sides, and may lie far outside of it") {
  PaintedCursor cursor;
  cursor.place(Placement(Scale::none, {100, 100}, {100, 100}));
  REQUIRE(cursor.take(pointer_at(0, 99), std::as_bytes(std::span(kRed))));
  CHECK(cursor.area().x() == 0);
  CHECK(cursor.area().y() == 98);
  CHECK(cursor.area().width() == 2);
  CHECK(cursor.area().height() == 2);
  constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
  constexpr std::int32_t kLeast = std::numeric_limits<std::int32_t>::min();
  for (const std::int32_t far : {kLeast, -3, 102, kMost}) {
    cursor.take(pointer_at(far, 50), {});
    CHECK(is_empty(cursor.area()));
  }
  Pointer odd = pointer_at(50, 50);  // what no server says
  odd.hot_x = std::numeric_limits<std::uint32_t>::max();
  cursor.take(odd, {});
  CHECK(cursor.area().x() == 47);
}

TEST_CASE("a pointer is painted over what is below it by its alpha, and scaled with the picture") {
  PaintedCursor cursor;
  cursor.place(Placement(Scale::none, {10, 10}, {10, 10}));
  Pixels image = kRed;
  image[4] = 0;
  image[5] = 0x80404040;
  REQUIRE(cursor.take(pointer_at(5, 5), std::as_bytes(std::span(image))));
  const Pixels below(100, 0x0000FF);
  Pixels patch(9);
  cursor.paint(std::as_bytes(std::span(below)), std::as_writable_bytes(std::span(patch)));
  CHECK(patch[0] == 0xFF0000);
  CHECK(patch[4] == 0x0000FF);
  CHECK(patch[5] == 0x4040BF);
  cursor.place(Placement(Scale::stretch, {10, 10}, {40, 20}));
  CHECK(cursor.area().x() == 16);
  CHECK(cursor.area().y() == 8);
  CHECK(cursor.area().width() == 12);
  CHECK(cursor.area().height() == 6);
}

TEST_CASE("pixels of each format come out as B G R x") {
  const auto pixel_of = [](std::uint32_t fourcc, const std::vector<std::uint8_t>& bytes) {
    DisplayFrame frame;
    frame.width = frame.height = 1;
    frame.stride = static_cast<std::uint32_t>(bytes.size());
    frame.fourcc = fourcc;
    const auto picture = Picture::of(frame, std::as_bytes(std::span(bytes)));
    REQUIRE(picture);
    std::uint32_t pixel = 0;
    copy_into(*picture, std::as_writable_bytes(std::span(&pixel, 1)));
    return pixel & 0xFFFFFF;
  };
  CHECK(pixel_of(kXR24, {3, 2, 1, 0}) == 0x010203);
  CHECK(pixel_of(kAR24, {3, 2, 1, 255}) == 0x010203);
  CHECK(pixel_of(kXB24, {1, 2, 3, 0}) == 0x010203);
  CHECK(pixel_of(kAB24, {1, 2, 3, 9}) == 0x010203);
  CHECK(pixel_of(kRG24, {3, 2, 1}) == 0x010203);
  CHECK(pixel_of(kBG24, {1, 2, 3}) == 0x010203);
  CHECK(pixel_of(kRG16, {0x00, 0xF8}) == 0xFF0000);
}
