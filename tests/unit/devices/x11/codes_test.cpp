#include "devices/x11/input/codes.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace dkvm;
using namespace dkvm::x11;

TEST_CASE("keys have X's keycodes up to 247, and back") {
  for (std::uint16_t code = 0; code <= 247; ++code) {
    REQUIRE(keycode_of(code) == code + 8u);
    REQUIRE(code_of_keycode(code + 8) == code);
  }
  CHECK_FALSE(keycode_of(248));
  CHECK_FALSE(code_of_keycode(7));
  CHECK_FALSE(code_of_keycode(256));
}

TEST_CASE("buttons have X's numbers, without those of the wheel, and back") {
  CHECK(button_of(0x110) == 1u);
  CHECK(button_of(0x112) == 2u);
  CHECK(button_of(0x111) == 3u);
  CHECK(button_of(0x113) == 8u);
  CHECK(button_of(0x114) == 9u);
  CHECK_FALSE(button_of(30));
  CHECK_FALSE(button_of(0x10f));
  CHECK_FALSE(button_of(0x120));
  std::set<unsigned> buttons;
  for (std::uint16_t code = 0x110; code <= 0x11f; ++code) {
    const auto button = button_of(code);
    REQUIRE(button);
    CHECK(code_of_button(static_cast<int>(*button)) == code);
    CHECK_FALSE(scroll_of_button(static_cast<int>(*button)));
    buttons.insert(*button);
  }
  CHECK(buttons.size() == 16);
  for (const int button : {-1, 0, 4, 5, 6, 7, 21, 255}) CHECK_FALSE(code_of_button(button));
}

TEST_CASE("the wheel's buttons scroll a notch: up and right are more") {
  CHECK(scroll_of_button(4)->y == 120);
  CHECK(scroll_of_button(5)->y == -120);
  CHECK(scroll_of_button(6)->x == -120);
  CHECK(scroll_of_button(7)->x == 120);
  CHECK(scroll_of_button(4)->x == 0);
}
