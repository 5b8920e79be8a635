// A kernel or a link's device dies while keys are held over a link.

#include "tests/e2e/net/typist.hpp"

#include <catch2/catch.hpp>

#include <csignal>

using namespace dkvm::test;

namespace {

void hold(TwoDesks& pair) {
  pair.keyboard.down("KEY_A");
  REQUIRE(eventually(kPatience, [&] { return pair.typed.has({"KEY_A"}); }));
}

}  // namespace

TEST_CASE("A killed kernel releases what it held on another, and is heard again") {
  if (!networks_permitted()) return;
  TwoDesks pair;
  pair.start();
  hold(pair);

  pair.desk.kernel().signal(SIGKILL);
  CHECK(eventually(kStuckMax, [&] { return pair.typed.has({}); }));
  CHECK(pair.desk.exit_status(kPatience) == 128 + SIGKILL);
  pair.launch(pair.desk);
  pair.await_keys();
  CHECK(pair.typed.count("KEY_A", true) == 1);
}

TEST_CASE("A killed kernel that was typed on is typed on again, without what was typed before") {
  if (!networks_permitted()) return;
  TwoDesks pair;
  pair.start();
  hold(pair);

  pair.laptop.kernel().signal(SIGKILL);
  CHECK(eventually(kStuckMax, [&] { return pair.typed.has({}); }));
  CHECK(pair.laptop.exit_status(kPatience) == 128 + SIGKILL);
  pair.keyboard.tap("KEY_B");
  CHECK(always(Seconds(1.3), [&] { return pair.typed.has({}); }));
  pair.launch(pair.laptop);
  pair.await_keys();
  pair.keyboard.up("KEY_A");
  CHECK(pair.typed.count("KEY_A", true) == 1);
  CHECK(pair.typed.count("KEY_B", true) == 0);
}

TEST_CASE("A killed device of a link, on either side, releases what is held and is replaced") {
  if (!networks_permitted()) return;
  TwoDesks pair;
  pair.start();
  for (Desk* side : {&pair.desk, &pair.laptop}) {
    hold(pair);
    const pid_t before = side->pid("wire");
    ::kill(before, SIGKILL);
    CHECK(eventually(kStuckMax, [&] { return pair.typed.has({}); }));
    side->wait_restarted("wire", before);
    pair.keyboard.up("KEY_A");
    pair.await_keys();
  }
}

TEST_CASE(
    "What is typed while a link's device dies comes once and in order, or its gap is reported") {
  if (!networks_permitted()) return;
  TwoDesks pair;
  pair.start();
  for (Desk* side : {&pair.desk, &pair.laptop}) {
    pair.typed.mark();
    const std::uint64_t gaps = pair.gaps();
    Typist typist(pair.keyboard);
    const pid_t before = side->pid("wire");
    typist.tap(30);
    ::kill(before, SIGKILL);
    typist.tap(30);
    side->wait_restarted("wire", before);
    CHECK(eventually(kPatience, [&] {
      const Text text = read(pair.typed, typist.taps());
      return text.all_up && (text.came == typist.taps() || pair.gaps() > gaps);
    }));
    CHECK(read(pair.typed, typist.taps()).orderly);
    pair.await_keys();
  }
}

TEST_CASE("A stopped device of a link holds nothing for longer than a second") {
  if (!networks_permitted()) return;
  TwoDesks pair;
  pair.start();
  for (Desk* side : {&pair.desk, &pair.laptop}) {
    hold(pair);
    const pid_t before = side->pid("wire");
    ::kill(before, SIGSTOP);
    CHECK(eventually(kStuckMax, [&] { return pair.typed.has({}); }));
    ::kill(before, SIGCONT);
    pair.keyboard.up("KEY_A");
    pair.await_keys();
  }
}
