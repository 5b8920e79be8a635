#include "devices/codec/i420.hpp"

#include "devices/codec/bgrx.hpp"
#include "devices/dummy/random.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <string>
#include <vector>

using namespace dkvm;
using namespace dkvm::codec;
using dkvm::dummy::SeededRandom;

namespace {

void scribble(media::Canvas& canvas, const Rect& area, SeededRandom& random) {
  for (std::uint32_t y = area.y(); y < area.y() + area.height(); ++y)
    for (std::byte& byte : canvas.row(area, y)) byte = std::byte(random.between(0, 255));
}

Rect odd_rect(std::uint32_t width, std::uint32_t height, SeededRandom& random) {
  const std::uint32_t x = random.between(0, width - 1);
  const std::uint32_t y = random.between(0, height - 1);
  return {x, y, random.between(1, width - x), random.between(1, height - y)};
}

// All that an encoder sees of it.
std::vector<std::uint8_t> planes_of(const I420& picture) {
  std::vector<std::uint8_t> bytes;
  const AVFrame& frame = picture.frame();
  for (int plane = 0; plane < 3; ++plane) {
    const int rows = plane == 0 ? frame.height : frame.height / 2;
    const int columns = plane == 0 ? frame.width : frame.width / 2;
    for (int y = 0; y < rows; ++y) {
      const std::uint8_t* row = frame.data[plane] + y * frame.linesize[plane];
      bytes.insert(bytes.end(), row, row + columns);
    }
  }
  return bytes;
}

}  // namespace

TEST_CASE("pictures converted by odd areas are those converted whole, bit for bit") {
  for (const std::uint32_t fourcc : kPixelFormats)
    for (const auto& [width, height] : std::vector<std::pair<std::uint32_t, std::uint32_t>>{
             {160, 96}, {161, 97}, {67, 33}, {1, 1}, {2, 3}, {1023, 5}}) {
      INFO(fourcc_name(fourcc) << " " << width << "x" << height);
      SeededRandom random(width, fourcc);
      media::Canvas canvas(width, height, fourcc);
      scribble(canvas, canvas.area(), random);
      auto parts = I420::make(width, height);
      REQUIRE(parts);
      REQUIRE(parts->take(canvas, canvas.area()));
      for (int i = 0; i < 50; ++i) {
        const Rect area = odd_rect(width, height, random);
        scribble(canvas, area, random);
        REQUIRE(parts->take(canvas, area));
      }
      auto whole = I420::make(width, height);
      REQUIRE(whole);
      REQUIRE(whole->take(canvas, canvas.area()));
      CHECK((planes_of(*parts) == planes_of(*whole)));
    }
}

TEST_CASE("an odd last column and row stand twice") {
  media::Canvas canvas(5, 3, kXR24);
  SeededRandom random(1, 1);
  scribble(canvas, canvas.area(), random);
  auto picture = I420::make(5, 3);
  REQUIRE(picture);
  REQUIRE(picture->take(canvas, canvas.area()));
  const AVFrame& frame = picture->frame();
  CHECK(frame.width == 6);
  CHECK(frame.height == 4);
  for (int y = 0; y < 3; ++y)
    CHECK(frame.data[0][y * frame.linesize[0] + 5] == frame.data[0][y * frame.linesize[0] + 4]);
  CHECK(std::memcmp(frame.data[0] + 3 * frame.linesize[0], frame.data[0] + 2 * frame.linesize[0],
                    6) == 0);
}

TEST_CASE("the changed area of two pictures holds what was changed and is little more") {
  SeededRandom random(3, 3);
  media::Canvas canvas(640, 360, kXR24);
  scribble(canvas, canvas.area(), random);
  auto before = I420::make(640, 360);
  REQUIRE(before);
  REQUIRE(before->take(canvas, canvas.area()));
  CHECK(is_empty(changed_area(before->frame(), before->frame(), 640, 360)));
  for (int i = 0; i < 100; ++i) {
    auto after = I420::make(640, 360);
    REQUIRE(after);
    media::Canvas changed = canvas;
    const Rect area = odd_rect(640, 360, random);
    for (std::uint32_t y = area.y(); y < area.y() + area.height(); ++y)
      for (std::byte& byte : changed.row(area, y)) byte ^= std::byte{0xFF};
    REQUIRE(after->take(changed, changed.area()));
    const Rect found = changed_area(before->frame(), after->frame(), 640, 360);
    const Rect both = unite(found, area);
    CHECK(both.width() == found.width());
    CHECK(both.height() == found.height());
    CHECK(found.x() % 2 == 0);
    CHECK(found.y() % 2 == 0);
    CHECK(found.height() <= area.height() + 2);
    CHECK(found.width() <= area.width() + 2 * 128);
  }
}

TEST_CASE("an area converted back is that part of the whole converted back") {
  SeededRandom random(4, 4);
  media::Canvas canvas(320, 180, kXR24);
  scribble(canvas, canvas.area(), random);
  auto picture = I420::make(320, 180);
  REQUIRE(picture);
  REQUIRE(picture->take(canvas, canvas.area()));
  media::Canvas whole(320, 180, kXR24);
  convert_area(picture->frame(), whole.area(), whole.bytes());
  const Rect area(34, 20, 101, 77);
  std::vector<std::byte> part(std::size_t{area.width()} * area.height() * 4);
  convert_area(picture->frame(), area, part);
  std::vector<std::byte> expected(part.size());
  whole.copy_to(area, expected);
  CHECK((part == expected));
}
