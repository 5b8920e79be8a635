#include "devices/dummy/display/pattern.hpp"

#include "tests/support/seed.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

using namespace dkvm;
using namespace dkvm::dummy;

namespace {

// What a source puts into a buffer for an area of its canvas, and says of it.
struct Sent {
  DisplayFrame frame;
  std::vector<std::byte> bytes;

  Picture picture() const { return Picture::of(frame, bytes).value(); }
};

Sent send(const media::Canvas& canvas, const Rect& area, bool partial) {
  Sent sent;
  sent.frame.width = canvas.width();
  sent.frame.height = canvas.height();
  sent.frame.fourcc = canvas.fourcc();
  sent.frame.stride = area.width() * canvas.pixel_bytes();
  sent.frame.damage = area;
  sent.frame.partial = partial;
  sent.bytes.resize(std::size_t{sent.frame.stride} * area.height());
  canvas.copy_to(area, sent.bytes);
  return sent;
}

}  // namespace

TEST_CASE("a whole test picture says its number and time in every pixel format") {
  for (const std::uint32_t fourcc : kPixelFormats) {
    INFO(fourcc_name(fourcc));
    media::Canvas canvas(200, 90, fourcc);
    PatternPainter painter(canvas, 7);
    const Rect area = *painter.draw(12, false).value();
    painter.sign(area, 12, 3'456'789'012'345);
    const auto stamp = PatternCheck().check(canvas, area);
    REQUIRE(stamp);
    CHECK(stamp->seed == 7);
    CHECK(stamp->number == 12);
    CHECK(stamp->capture_ns == 3'456'789'012'345);
  }
}

TEST_CASE("partial test pictures composed one on the other are right at every step") {
  test::Random random;
  INFO(random.again());
  media::Canvas drawn(300, 200, kXR24);
  media::Canvas composed(300, 200, kXR24);
  PatternPainter painter(drawn, static_cast<std::uint32_t>(random.between(0, 1'000'000)));
  PatternCheck check;
  Rect damage{};
  for (std::uint64_t number = 1; number <= 300; ++number) {
    const bool partial = number != 1 && random.between(0, 9) != 0;
    damage = unite(damage, *painter.draw(number, partial).value());
    if (random.between(0, 2) == 0) continue;  // no slot: the union goes with the next one
    painter.sign(damage, number, number * 10);
    composed.apply(send(drawn, damage, true).picture());
    const auto stamp = check.check(composed, damage);
    REQUIRE(stamp);
    REQUIRE(stamp->number == number);
    REQUIRE(std::ranges::equal(drawn.bytes(), composed.bytes()));
    damage = {};
  }
}

TEST_CASE("a picture with rows of another one is told to be torn, wherever the tear is") {
  media::Canvas canvas(160, 120, kXR24);
  PatternPainter painter(canvas, 1);
  const Rect all = canvas.area();
  const auto draw = [&](std::uint64_t number) {
    REQUIRE(painter.draw(number, false));
    painter.sign(all, number, number);
    return canvas;
  };
  const media::Canvas one = draw(1);
  const media::Canvas two = draw(2);
  for (std::uint32_t tear = 1; tear < 120; ++tear) {
    media::Canvas torn = one;
    for (std::uint32_t y = tear; y < 120; ++y)
      std::ranges::copy(two.row(all, y), torn.row(all, y).begin());
    REQUIRE_FALSE(PatternCheck().check(torn, all));
  }
  CHECK(PatternCheck().check(one, all));
  CHECK(PatternCheck().check(two, all));
}

TEST_CASE("a partial picture that was left out is found at the next one") {
  media::Canvas drawn(300, 200, kXR24);
  media::Canvas composed(300, 200, kXR24);
  PatternPainter painter(drawn, 5);
  PatternCheck check;
  const auto step = [&](std::uint64_t number, bool partial) {
    const Rect area = *painter.draw(number, partial).value();
    painter.sign(area, number, 0);
    return area;
  };
  const Rect whole = step(1, false);
  composed.apply(send(drawn, whole, false).picture());
  REQUIRE(check.check(composed, whole));
  step(2, true);  // lost
  const Rect next = step(3, true);
  composed.apply(send(drawn, next, true).picture());
  CHECK_FALSE(check.check(composed, next));
}
