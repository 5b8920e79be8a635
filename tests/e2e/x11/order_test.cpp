// What is one gesture stays one: order between keys and buttons, layouts of the far side.

#include "tests/e2e/x11/x_desks.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

using namespace dkvm::test;
using dkvm::xlab::InputEye;

namespace {

constexpr int kBursts = 1000;
constexpr std::uint16_t kCtrl = 29;  // KEY_LEFTCTRL

// What arrives of a burst, up to the key's up: `C+ 1+ 1- C-` is a Ctrl-click.
std::string burst_seen(InputEye& eye) {
  std::string text;
  for (;;) {
    const auto seen = eye.next(std::chrono::milliseconds(5000));
    if (!seen) return text + " and no more";
    if (seen->what == InputEye::What::motion) continue;
    if (!text.empty()) text += " ";
    text += seen->is_key() ? (seen->code == kCtrl ? "C" : "another key") : "1";
    text += seen->down ? "+" : "-";
    if (seen->is_key() && !seen->down) return text;
  }
}

}  // namespace

TEST_CASE("A thousand bursts of Ctrl-click arrive as Ctrl-clicks, while the mouse moves") {
  XDesks desks;
  desks.start();
  desks.go_over();
  auto eye = must(InputEye::at(desks.far.screen.display()));
  eye.forget();
  int right = 0;
  std::string wrong;
  for (int i = 0; i < kBursts; ++i) {
    auto& hand = desks.near.hand;
    hand.key(kCtrl, true);
    hand.move(i % 2 == 0 ? 1 : -1, 0);
    hand.button(1, true);
    hand.move(0, i % 2 == 0 ? 1 : -1);
    hand.button(1, false);
    hand.key(kCtrl, false);
    const std::string seen = burst_seen(eye);
    if (seen == "C+ 1+ 1- C-")
      ++right;
    else
      wrong += fmt::format("burst {}: {}\n", i, seen);
    if (seen.ends_with("no more")) break;
  }
  INFO(wrong << desks.logs());
  CHECK(right == kBursts);
}

TEST_CASE("The physical key arrives where the far side has another layout") {
  XDesks desks;
  const std::string far = desks.far.screen.display();
  REQUIRE(run_program(fmt::format("setxkbmap -display {} de", far)).status == 0);
  desks.start();
  desks.go_over();
  auto window = must(dkvm::xlab::KeyWindow::on(far));
  struct Press {
    std::uint16_t modifier;  // 0: none
    std::uint16_t code;
    const char* text;
  };
  // Y and Z change places; AltGr+Q is @ there, and an acute accent is a dead key.
  for (const Press& press : {Press{0, 21, "z"}, Press{0, 44, "y"}, Press{42, 3, "\""},
                             Press{100, 16, "@"}, Press{0, 13, "\xb4"}}) {
    INFO("code " << press.code);
    if (press.modifier != 0) desks.near.hand.key(press.modifier, true);
    desks.near.hand.key(press.code, true);
    std::optional<dkvm::xlab::KeyWindow::Came> came;
    do {
      came = window.next(std::chrono::milliseconds(5000));
    } while (came && came->code == press.modifier);
    desks.near.hand.key(press.code, false);
    if (press.modifier != 0) desks.near.hand.key(press.modifier, false);
    REQUIRE(came);
    CHECK(came->code == press.code);
    CHECK(came->text == press.text);
    while (window.next(std::chrono::milliseconds(30))) {
    }
  }
}

TEST_CASE("The pointer crosses at the border and enters at the matching point, and comes back") {
  XDesks desks;
  desks.start();
  desks.near.hand.move_to(1200, 180);  // a quarter of the way down
  auto eye = must(InputEye::at(desks.far.screen.display()));
  eye.forget();
  std::optional<InputEye::Seen> entered;
  const bool crossed = eventually(kPatience, [&] {
    desks.near.hand.move(30, 0);
    const auto seen = eye.next(std::chrono::milliseconds(5));
    if (seen && seen->what == InputEye::What::motion && !entered) entered = seen;
    return entered.has_value();
  });
  INFO(desks.logs());
  REQUIRE(crossed);
  CHECK(entered->x < 64);
  CHECK(entered->y == Approx(180).margin(16));
  CHECK(desks.input_is_at() == "laptop");
  CHECK(eventually(kPatience, [&] {
    desks.near.hand.move(-30, 0);
    return desks.input_is_at() == "local";
  }));
  CHECK(desks.where_a_key_goes() == "near");
}

TEST_CASE(
    "Ctrl that is held while the pointer crosses is down over there, until the finger lifts") {
  XDesks desks;
  desks.start();
  desks.near.hand.move_to(1200, 180);
  desks.near.hand.key(kCtrl, true);
  const bool crossed = eventually(kPatience, [&] {
    desks.near.hand.move(30, 0);
    return desks.input_is_at() == "laptop";
  });
  const auto down_there = [&] { return desks.far.hand.held() == std::vector{kCtrl}; };
  const bool came_along = eventually(kStuckMax, down_there);
  desks.near.hand.key(kCtrl, false);
  const bool lifted = eventually(kStuckMax, [&] { return desks.far.hand.held().empty(); });
  INFO(desks.logs());
  CHECK(crossed);
  CHECK(came_along);
  CHECK(lifted);
}
