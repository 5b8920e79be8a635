#include "devices/x11/input/remainder.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <random>

using namespace dkvm::x11;

TEST_CASE("a wheel of notches loses nothing of small steps, either way") {
  Notches wheel;
  CHECK(wheel.take(60) == 0);
  CHECK(wheel.take(60) == 1);
  CHECK(wheel.take(-119) == 0);
  CHECK(wheel.take(-1) == -1);
  CHECK(wheel.take(360) == 3);

  Notches any;
  std::mt19937 random(7);
  std::uniform_int_distribution<int> steps(-500, 500);
  int sum = 0, notches = 0;
  for (int i = 0; i < 1000; ++i) {
    const int step = steps(random);
    sum += step;
    notches += any.take(step);
    REQUIRE(std::abs(sum - notches * 120) < 120);
  }
}

TEST_CASE("nonsense turns a wheel no further than its limit") {
  Notches wheel;
  CHECK(wheel.take(INT32_MAX) == Notches::kAtOnceMax);
  CHECK(wheel.take(INT32_MIN) == -Notches::kAtOnceMax);
}

TEST_CASE("fractions of pixels add up") {
  Whole pixels;
  CHECK(pixels.take(0.5) == 0);
  CHECK(pixels.take(0.5) == 1);
  CHECK(pixels.take(-0.75) == 0);
  CHECK(pixels.take(-0.5) == -1);
  pixels.forget();
  CHECK(pixels.take(0.75) == 0);
  CHECK(pixels.take(1e300) == 1'000'000);
}
