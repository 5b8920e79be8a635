// Real desktops with a network between them that jitters, or is cut.

#include "tests/e2e/net/two_desks.hpp"
#include "tests/e2e/x11/x_desks.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace dkvm::netlab;
using namespace dkvm::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint16_t kShift = 42;  // KEY_LEFTSHIFT

class FarDesks {
 public:
  FarDesks() {
    pair.start({near_devices(seats.near.screen.display()), near_switches(),
                far_devices(seats.far.screen.display()), far_pipelines()});
    for (Desk* each : {&pair.desk, &pair.laptop}) each->wait_state("input", "running");
    seats.go_over();
  }

  bool shift_is_down_there() {
    const auto held = seats.far.hand.held();
    return std::find(held.begin(), held.end(), kShift) != held.end();
  }

  TwoDesks pair;  // ends after the seats do
  Seats seats{[this] { return pair.logs(); }};
};

}  // namespace

TEST_CASE("Jitter of 200 ms on the link releases no Shift that a finger holds") {
  if (!networks_permitted()) return;
  FarDesks desks;
  for (CableEnd* end : {&desks.pair.cable.a(), &desks.pair.cable.b()})
    must(end->delay({.least = 1ms, .jitter = 200ms}));
  desks.seats.near.hand.key(kShift, true);
  INFO(desks.pair.logs());
  REQUIRE(eventually(kPatience, [&] { return desks.shift_is_down_there(); }));
  CHECK(always(Seconds(4), [&] { return desks.shift_is_down_there(); }));
  desks.seats.near.hand.key(kShift, false);
  CHECK(eventually(kPatience, [&] { return !desks.shift_is_down_there(); }));
}

TEST_CASE("The link is cut while Shift is held: it is up there and the keyboard home in a second") {
  if (!networks_permitted()) return;
  FarDesks desks;
  desks.seats.near.hand.key(kShift, true);
  REQUIRE(eventually(kPatience, [&] { return desks.shift_is_down_there(); }));
  must(desks.pair.cable.cut());
  const bool home = eventually(kStuckMax, [&] { return desks.seats.where_a_key_goes() == "near"; });
  CHECK_FALSE(desks.shift_is_down_there());
  INFO(desks.pair.logs());
  CHECK(home);
  desks.seats.near.hand.key(kShift, false);
  CHECK(eventually(kStuckMax, [&] { return desks.seats.near.hand.held().empty(); }));
  must(desks.pair.cable.mend());
  desks.seats.go_over();
  CHECK(desks.seats.far.hand.held().empty());
}
