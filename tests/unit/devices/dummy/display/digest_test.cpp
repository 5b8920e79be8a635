#include "devices/dummy/display/digest.hpp"

#include "tests/support/seed.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::dummy;

TEST_CASE("the sum of a picture that changed by parts is that of the same picture read whole") {
  test::Random random;
  INFO(random.again());
  media::Canvas canvas(150, 100, kXR24);
  PictureDigest by_parts;
  const auto any = [&](std::uint64_t least, std::uint64_t most) {
    return static_cast<std::uint32_t>(random.between(least, most));
  };
  for (int i = 0; i < 500; ++i) {
    const Rect area(any(0, 100), any(0, 60), any(1, 50), any(1, 40));
    for (std::uint32_t y = area.y(); y < area.y() + area.height(); ++y)
      for (std::byte& byte : canvas.row(area, y)) byte = std::byte(random.between(0, 255));
    by_parts.touch(canvas, area);
    const Rect without(any(0, 100), any(0, 60), any(1, 50), any(1, 40));
    const std::uint32_t sum = by_parts.of(canvas, without);
    REQUIRE(sum == PictureDigest().of(canvas, without));
    media::Canvas other = canvas;  // what is left out may be anything
    other.row(without, without.y()).front() ^= std::byte{1};
    REQUIRE(sum == PictureDigest().of(other, without));
  }
}

TEST_CASE("any single bit that is wrong changes the sum") {
  media::Canvas canvas(19, 21, kRG16);
  const std::uint32_t right = PictureDigest().of(canvas, {});
  for (std::size_t i = 0; i < canvas.bytes().size(); ++i) {
    canvas.bytes()[i] ^= std::byte{0x10};
    REQUIRE(PictureDigest().of(canvas, {}) != right);
    canvas.bytes()[i] ^= std::byte{0x10};
  }
}
