#include "devices/media/canvas.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace dkvm;
using dkvm::media::Canvas;

namespace {

std::byte pixel_at(const Canvas& canvas, std::uint32_t x, std::uint32_t y) {
  return canvas.row({x, y, 1, 1}, y).front();
}

}  // namespace

TEST_CASE("a partial picture goes where its damage says, whatever its stride") {
  Canvas canvas(8, 6, kRG16);
  DisplayFrame frame;
  frame.width = 8;
  frame.height = 6;
  frame.fourcc = kRG16;
  frame.stride = 11;
  frame.damage = Rect(3, 2, 4, 3);
  frame.partial = true;
  std::vector<std::byte> buffer(11 * 2 + 4 * 2, std::byte{0xEE});
  for (int row = 0; row < 3; ++row)
    for (int i = 0; i < 8; ++i) buffer[static_cast<std::size_t>(row * 11 + i)] = std::byte(row + 1);
  const auto picture = Picture::of(frame, buffer);
  REQUIRE(picture);
  REQUIRE(canvas.fits(*picture));
  canvas.apply(*picture);
  for (std::uint32_t y = 0; y < 6; ++y)
    for (std::uint32_t x = 0; x < 8; ++x) {
      const bool inside = x >= 3 && x < 7 && y >= 2 && y < 5;
      CHECK(pixel_at(canvas, x, y) == std::byte(inside ? y - 1 : 0));
    }
}

TEST_CASE("an area is copied row behind row") {
  Canvas canvas(5, 4, kRG24);
  for (std::size_t i = 0; i < canvas.bytes().size(); ++i) canvas.bytes()[i] = std::byte(i);
  std::vector<std::byte> out(2 * 2 * 3);
  canvas.copy_to({1, 2, 2, 2}, out);
  CHECK(out ==
        std::vector<std::byte>({std::byte{33}, std::byte{34}, std::byte{35}, std::byte{36},
                                std::byte{37}, std::byte{38}, std::byte{48}, std::byte{49},
                                std::byte{50}, std::byte{51}, std::byte{52}, std::byte{53}}));
  std::vector<std::byte> rows(5 * 3 * 2);
  canvas.copy_to({0, 1, 5, 2}, rows);
  CHECK(rows.front() == std::byte{15});
  CHECK(rows.back() == std::byte{44});
}
