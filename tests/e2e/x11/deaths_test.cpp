// Whatever dies while somebody types with modifiers held: a second later nothing is down
// on either desktop that no finger holds, and the keyboard works.

#include "tests/e2e/x11/x_desks.hpp"
#include "tests/support/seed.hpp"

#include <catch2/catch.hpp>

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <csignal>

using namespace dkvm::test;

namespace {

constexpr int kRounds = 3;
constexpr unsigned kMovesMax = 60;  // before the blow
constexpr int kMovesAfter = 12;

struct Victim {
  std::string kernel;
  std::string device;  // empty: the kernel itself
};

enum class Place : std::uint8_t { abroad, home };

bool only_fingers(Seat& seat, const Fingers& fingers) {
  const auto held = seat.hand.held();
  return std::all_of(held.begin(), held.end(),
                     [&](std::uint16_t code) { return fingers.down().contains(code); });
}

void wait_until(std::chrono::time_point<std::chrono::steady_clock, Seconds> when) {
  while (std::chrono::steady_clock::now() < when) ::poll(nullptr, 0, 10);
}

class Blow {
 public:
  Blow(XDesks& desks, const Victim& victim, int signal)
      : desks_(desks), victim_(victim), signal_(signal) {
    pid_ = of_kernel() ? desk().kernel().pid() : desk().pid(victim.device);
  }
  void strike() const { REQUIRE(::kill(pid_, signal_) == 0); }

  // Everything runs again; a kernel is started by whoever started it.
  void mend() const {
    if (of_kernel() && signal_ == SIGSTOP) ::kill(pid_, SIGCONT);
    if (of_kernel() && signal_ != SIGSTOP) {
      REQUIRE(desk().exit_status(kPatience) != -1);
      desk().launch();
    }
    if (!of_kernel() && signal_ == SIGTERM) {  // ended in good order, it is not started again
      desk().wait_state(victim_.device, "finished");
      desk().ctl("device " + victim_.device + " start");
    }
    if (!of_kernel()) desk().wait_restarted(victim_.device, pid_);
    desks_.wait_all();
  }

 private:
  bool of_kernel() const { return victim_.device.empty(); }
  Desk& desk() const { return desks_.desks[victim_.kernel]; }

  XDesks& desks_;
  Victim victim_;
  int signal_;
  pid_t pid_ = 0;
};

void expect_no_harm(const Victim& victim, int signal, Place place = Place::abroad) {
  const std::uint32_t seed = seed_of_the_run();
  INFO(again_with(seed));
  XDesks desks;
  desks.start();
  Fingers fingers(desks.near.hand, seed);
  for (int round = 0; round < kRounds; ++round) {
    INFO("round " << round);
    if (place == Place::abroad)
      desks.go_over();
    else
      desks.go_home();
    const Blow blow(desks, victim, signal);
    const unsigned moves = fingers.number() % kMovesMax;
    for (unsigned i = 0; i < moves; ++i) fingers.move();
    blow.strike();
    const auto struck = std::chrono::steady_clock::now();
    for (int i = 0; i < kMovesAfter; ++i) fingers.move();
    // A second after the blow, whatever it was, and from then on.
    wait_until(struck + kStuckMax);
    const bool clean = only_fingers(desks.near, fingers) && only_fingers(desks.far, fingers);
    const auto left = desks.far.hand.held();
    if (place == Place::home) CHECK(left.empty());
    const bool works = eventually(kStuckMax, [&] {
      const std::string where = desks.where_a_key_goes();
      return place == Place::abroad ? !where.empty() : where == "near";
    });
    fingers.let_go();
    const bool empty = eventually(
        kStuckMax, [&] { return desks.near.hand.held().empty() && desks.far.hand.held().empty(); });
    INFO(desks.logs());
    INFO(left.size() << " were down at the far screen");
    CHECK(clean);
    CHECK(empty);
    CHECK(works);
    blow.mend();
  }
}

}  // namespace

TEST_CASE("The source of the input is killed: nothing is stuck, the keyboard works") {
  expect_no_harm({"desk", "input"}, SIGKILL);
}
TEST_CASE("The source of the input stands still: nothing is stuck, the keyboard works") {
  expect_no_harm({"desk", "input"}, SIGSTOP);
}
TEST_CASE("The near end of the link is killed: nothing is stuck, the keyboard works") {
  expect_no_harm({"desk", "network"}, SIGKILL);
}
TEST_CASE("The near end of the link stands still: nothing is stuck, the keyboard works") {
  expect_no_harm({"desk", "network"}, SIGSTOP);
}
TEST_CASE("The far end of the link is killed: nothing is stuck, the keyboard works") {
  expect_no_harm({"laptop", "network"}, SIGKILL);
}
TEST_CASE("The far end of the link stands still: nothing is stuck, the keyboard works") {
  expect_no_harm({"laptop", "network"}, SIGSTOP);
}
TEST_CASE("What injects at the far screen is killed: nothing is stuck, the keyboard works") {
  expect_no_harm({"laptop", "input"}, SIGKILL);
}
TEST_CASE("What injects at the far screen stands still: nothing is stuck, the keyboard works") {
  expect_no_harm({"laptop", "input"}, SIGSTOP);
}
TEST_CASE("What injects at the far screen ends: nothing is stuck, the keyboard works") {
  expect_no_harm({"laptop", "input"}, SIGTERM);
}
TEST_CASE("The source of the input ends: nothing is stuck, the keyboard works") {
  expect_no_harm({"desk", "input"}, SIGTERM);
}
TEST_CASE("The near end of the link ends: nothing is stuck, the keyboard works") {
  expect_no_harm({"desk", "network"}, SIGTERM);
}
TEST_CASE("The far end of the link ends: nothing is stuck, the keyboard works") {
  expect_no_harm({"laptop", "network"}, SIGTERM);
}
TEST_CASE("The near kernel ends: nothing is stuck, the keyboard works") {
  expect_no_harm({"desk", ""}, SIGTERM);
}
TEST_CASE("The far kernel ends: nothing is stuck, the keyboard works") {
  expect_no_harm({"laptop", ""}, SIGTERM);
}
TEST_CASE("The near kernel is killed: nothing is stuck, the keyboard works") {
  expect_no_harm({"desk", ""}, SIGKILL);
}
TEST_CASE("The near kernel stands still: nothing is stuck, the keyboard works") {
  expect_no_harm({"desk", ""}, SIGSTOP);
}
TEST_CASE("The far kernel is killed: nothing is stuck, the keyboard works") {
  expect_no_harm({"laptop", ""}, SIGKILL);
}
TEST_CASE("The far kernel stands still: nothing is stuck, the keyboard works") {
  expect_no_harm({"laptop", ""}, SIGSTOP);
}

TEST_CASE("A source that stands still at home keeps no hotkey from the keyboard for long") {
  XDesks desks;
  desks.start();
  desks.go_home();
  const pid_t source = desks.desks["desk"].pid("input");
  REQUIRE(::kill(source, SIGSTOP) == 0);
  desks.near.hand.key(kOverKey, true);
  desks.near.hand.key(kOverKey, false);
  CHECK(eventually(kStuckMax, [&] { return desks.where_a_key_goes() == "near"; }));
  INFO(desks.logs());
  desks.desks["desk"].wait_restarted("input", source);
  desks.go_over();
}

TEST_CASE("Who only types into a kernel that stands still is home in a second") {
  XDesks desks;
  desks.start();
  desks.go_over();
  const pid_t kernel = desks.desks["laptop"].kernel().pid();
  REQUIRE(::kill(kernel, SIGSTOP) == 0);
  const bool home = eventually(kStuckMax, [&] {
    for (const bool down : {true, false}) desks.near.hand.key(30, down);
    return desks.input_is_at() == "local";
  });
  ::kill(kernel, SIGCONT);
  INFO(desks.logs());
  CHECK(home);
}

TEST_CASE("At home it is of no matter which device dies: nothing is stuck, the keyboard works") {
  const Victim victim = GENERATE(Victim{"desk", "input"}, Victim{"desk", "network"},
                                 Victim{"laptop", "network"}, Victim{"laptop", "input"});
  INFO(victim.kernel << "/" << victim.device);
  expect_no_harm(victim, SIGKILL, Place::home);
}
