// X servers that die or stand still while somebody types with modifiers held: a second later
// the keyboard works at home, and nothing is down that no finger holds.

#include "tests/e2e/x11/x_desks.hpp"
#include "tests/support/seed.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>

using namespace dkvm::test;

namespace {

constexpr int kRounds = 3;
constexpr unsigned kMovesMax = 60;  // before the server goes
constexpr int kMovesAfter = 12;

// Types at random until the far side's server, or the near one's, is struck.
struct Typist {
  std::uint32_t seed = seed_of_the_run();
  XDesks desks;
  Fingers fingers{desks.near.hand, seed};

  Typist() { desks.start(); }
  void begin() {
    desks.go_over();
    for (unsigned left = fingers.number() % kMovesMax; left != 0; --left) fingers.move();
  }
  void go_on() {
    for (int i = 0; i < kMovesAfter; ++i) fingers.move();
  }
  bool is_home() {
    return eventually(kStuckMax, [&] { return desks.types_at_home(); });
  }
  bool near_is_free() {
    fingers.let_go();
    return eventually(kStuckMax, [&] { return desks.near.hand.held().empty(); });
  }
  bool far_is_free() {
    return eventually(kStuckMax, [&] { return desks.far.hand.held().empty(); });
  }
};

}  // namespace

TEST_CASE("The far X server is gone at any instant: the input is home, and goes over again") {
  Typist typist;
  INFO(again_with(typist.seed));
  for (int round = 0; round < kRounds; ++round) {
    INFO("round " << round);
    typist.begin();
    typist.desks.far.screen.kill();
    typist.go_on();
    const bool home = typist.is_home();
    const bool near_free = typist.near_is_free();
    INFO(typist.desks.logs());
    CHECK(home);
    CHECK(near_free);
    typist.desks.far.begin_anew();
    typist.desks.wait_all();
    CHECK(typist.far_is_free());
  }
  typist.desks.go_over();
}

TEST_CASE("The far X server stands still at any instant: the input is home, and nothing sticks") {
  Typist typist;
  INFO(again_with(typist.seed));
  for (int round = 0; round < kRounds; ++round) {
    INFO("round " << round);
    typist.begin();
    const pid_t server = typist.desks.far.screen.pid();
    REQUIRE(::kill(server, SIGSTOP) == 0);
    typist.go_on();
    const bool home = typist.is_home();
    const bool near_free = typist.near_is_free();
    ::kill(server, SIGCONT);
    const bool far_free = typist.far_is_free();
    INFO(typist.desks.logs());
    CHECK(home);
    CHECK(near_free);
    CHECK(far_free);
    typist.desks.wait_all();
  }
  typist.desks.go_over();
}

TEST_CASE("Nobody types into the void while a device hangs at its start, as its server does") {
  XDesks desks;
  desks.start();
  desks.go_over();
  const pid_t server = desks.far.screen.pid();
  REQUIRE(::kill(server, SIGSTOP) == 0);
  desks.desks["laptop"].kill("input", SIGKILL);
  const bool home = eventually(kStuckMax, [&] { return desks.types_at_home(); });
  desks.desks["laptop"].wait_state("input", "starting");
  const bool away = eventually(
      kStuckMax, [&] { return desks.desks["desk"].try_ctl("switch laptop").status != 0; });
  const bool still_home = desks.types_at_home();
  ::kill(server, SIGCONT);
  INFO(desks.logs());
  CHECK(home);
  CHECK(away);
  CHECK(still_home);
  desks.wait_all();
  desks.go_over();
}

TEST_CASE("The near X server is gone at any instant: what was held is released at the far one") {
  Typist typist;
  INFO(again_with(typist.seed));
  for (int round = 0; round < kRounds; ++round) {
    INFO("round " << round);
    typist.begin();
    typist.desks.near.screen.kill();
    const bool far_free = typist.far_is_free();
    INFO(typist.desks.logs());
    CHECK(far_free);
    typist.desks.near.begin_anew();
    typist.fingers.forget();
    typist.desks.wait_all();
  }
  typist.desks.go_over();
}
