#include "devices/x11/input/injected_motion.hpp"

#include <catch2/catch.hpp>

using namespace dkvm::x11;

namespace {

constexpr Bounds kDesktop{0, 0, 1280, 720};

}  // namespace

TEST_CASE("where the pointer went tells positions from distances") {
  InjectedMotion motion;
  motion.place({100, 100});
  CHECK(motion.take({300, 200}, Point{300, 200}, kDesktop) == Point{200, 100});
  CHECK(motion.absolute());
  CHECK(motion.take({300, 250}, Point{300, 250}, kDesktop) == Point{0, 50});
  CHECK(motion.take({5, -5}, Point{305, 245}, kDesktop) == Point{5, -5});
  CHECK_FALSE(motion.absolute());
}

TEST_CASE("while the pointer is held it is what it was last") {
  InjectedMotion motion;
  motion.place({100, 100});
  CHECK(motion.take({3, 4}, std::nullopt, kDesktop) == Point{3, 4});
  motion.take({300, 200}, Point{300, 200}, kDesktop);
  CHECK(motion.take({310, 220}, std::nullopt, kDesktop) == Point{10, 20});
  CHECK(motion.take({300, 200}, std::nullopt, kDesktop) == Point{-10, -20});
}

TEST_CASE("at the border a distance goes on, and a pointer elsewhere decides nothing") {
  InjectedMotion motion;
  motion.place({1270, 100});
  CHECK(motion.take({50, 0}, Point{1279, 100}, kDesktop) == Point{50, 0});
  CHECK_FALSE(motion.absolute());
  CHECK(motion.take({7, 7}, Point{640, 360}, kDesktop) == Point{7, 7});
  CHECK_FALSE(motion.absolute());
}
