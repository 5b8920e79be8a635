#include "devices/x11/input/held_input.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace dkvm::x11;
using Codes = std::vector<std::uint16_t>;

TEST_CASE("a key is down while it is on any keyboard, and repeats are no news") {
  HeldInput held;
  CHECK(held.press(1, 42));
  CHECK_FALSE(held.press(1, 42));
  CHECK_FALSE(held.press(2, 42));
  CHECK_FALSE(held.release(1, 42));
  CHECK(held.holds(42));
  CHECK(held.release(2, 42));
  CHECK_FALSE(held.release(2, 42));
  CHECK(held.empty());
}

TEST_CASE("what a device really holds takes the place of what was thought") {
  HeldInput held;
  held.press(1, 30);
  held.press(1, 31);
  held.press(2, 31);
  const auto changes = held.only(1, Codes{29});
  REQUIRE(changes.size() == 2);
  CHECK((changes[0].code == 29 && changes[0].down));
  CHECK((changes[1].code == 30 && !changes[1].down));
  CHECK(held.pressed() == Codes{29, 31});
  CHECK(held.devices() == std::set<int>{1, 2});
  held.only(1, {});
  held.only(2, {});
  CHECK(held.devices().empty());
}

TEST_CASE("a chord is exactly its keys, in any order; panic takes more of them") {
  HeldInput held;
  for (const std::uint16_t code : Codes{56, 29, 3}) held.press(1, code);
  CHECK(held.is(Codes{29, 56, 3}));
  CHECK(held.is(Codes{3, 29, 56, 29}));
  CHECK_FALSE(held.is(Codes{29, 56}));
  CHECK_FALSE(held.is(Codes{29, 56, 4}));
  held.press(1, 100);
  CHECK_FALSE(held.is(Codes{29, 56, 3}));
  CHECK(held.holds_all(Codes{29, 56, 3}));
  CHECK_FALSE(held.holds_all(Codes{29, 1}));
}

TEST_CASE("no more codes are taken than there are") {
  HeldInput held;
  for (int code = 0; code < 2000; ++code) held.press(1, static_cast<std::uint16_t>(code));
  CHECK(held.pressed().size() == dkvm::kInputCodesMax);
  CHECK_FALSE(held.release(1, 1999));
}
