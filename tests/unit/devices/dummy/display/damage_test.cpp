#include "devices/dummy/display/damage.hpp"
#include "devices/dummy/display/noise.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

using namespace dkvm;
using namespace dkvm::dummy;

namespace {

bool same(const Rect& a, const Rect& b) {
  return a.x() == b.x() && a.y() == b.y() && a.width() == b.width() && a.height() == b.height();
}

}  // namespace

TEST_CASE("damage by chance lies within the picture, is not too small and comes to every border") {
  SeededRandom random(1);
  const Rect all(0, 0, 64, 48);
  Rect most{};
  for (int i = 0; i < 10'000; ++i) {
    const Rect damage = random_damage(random, all, 10, 8);
    REQUIRE(is_within(damage, 64, 48));
    REQUIRE(damage.width() >= 10);
    REQUIRE(damage.height() >= 8);
    most = unite(most, damage);
  }
  CHECK(same(most, all));
}

TEST_CASE("damage of a picture that is smaller than the least is all of it") {
  SeededRandom random(2);
  CHECK(same(random_damage(random, {0, 0, 7, 5}, 10, 10), {0, 0, 7, 5}));
}

TEST_CASE("the union of damage holds both, and nothing adds nothing") {
  CHECK(same(unite({2, 3, 4, 5}, {10, 1, 1, 1}), {2, 1, 9, 7}));
  CHECK(same(unite({}, {1, 2, 3, 4}), {1, 2, 3, 4}));
  CHECK(same(unite({1, 2, 3, 4}, {9, 9, 0, 3}), {1, 2, 3, 4}));
}

TEST_CASE("pictures by chance are the same for the same seed and number, and others for others") {
  media::Canvas a(33, 7, kRG24);
  media::Canvas b(33, 7, kRG24);
  const auto draw = [](media::Canvas& canvas, std::uint32_t seed, std::uint64_t number) {
    return NoisePainter(canvas, seed).draw(number, false).value().has_value();
  };
  const auto equal = [&] { return std::ranges::equal(a.bytes(), b.bytes()); };
  CHECK(draw(a, 1, 1));
  CHECK(draw(b, 1, 1));
  CHECK(equal());
  draw(b, 1, 2);
  CHECK_FALSE(equal());
  draw(b, 2, 1);
  CHECK_FALSE(equal());
}

TEST_CASE("a partial picture by chance changes nothing outside of its damage") {
  media::Canvas canvas(40, 30, kXR24);
  NoisePainter painter(canvas, 9);
  for (std::uint64_t number = 1; number < 200; ++number) {
    media::Canvas before = canvas;
    const Rect damage = *painter.draw(number, true).value();
    REQUIRE(is_within(damage, 40, 30));
    for (std::uint32_t y = 0; y < damage.height(); ++y)
      std::ranges::copy(canvas.row(damage, damage.y() + y),
                        before.row(damage, damage.y() + y).begin());
    REQUIRE(std::ranges::equal(before.bytes(), canvas.bytes()));
  }
}
