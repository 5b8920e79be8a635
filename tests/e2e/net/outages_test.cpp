// The network goes and comes back while keys are held and typed.

#include "tests/e2e/net/typist.hpp"

#include <catch2/catch.hpp>

using namespace dkvm::test;

namespace {

// Older than any input may be when it is let through.
constexpr Seconds kStaleTime{1.3};

// Holds Shift and A there.
void hold(TwoDesks& pair) {
  pair.keyboard.down("KEY_LEFTSHIFT");
  pair.keyboard.down("KEY_A");
  REQUIRE(eventually(kPatience, [&] { return pair.typed.has({"KEY_A", "KEY_LEFTSHIFT"}); }));
}

// The network is back: Shift, which is still held, is down again; A is not.
void expect_modifier_again(TwoDesks& pair) {
  const bool again = eventually(kPatience, [&] { return pair.typed.has({"KEY_LEFTSHIFT"}); });
  INFO("down there: " << Json(pair.typed.down()).dump() << "\n" << pair.logs());
  REQUIRE(again);
  pair.keyboard.up("KEY_A");
  pair.keyboard.up("KEY_LEFTSHIFT");
  pair.await_keys();
  CHECK(pair.typed.count("KEY_A", true) == 1);
}

}  // namespace

TEST_CASE("A pulled cable releases what is held within a second, and replays nothing later") {
  if (!networks_permitted()) return;
  TwoDesks pair;
  pair.start();
  hold(pair);

  must(pair.cable.pull());
  CHECK(eventually(kStuckMax, [&] { return pair.typed.has({}); }));
  pair.keyboard.tap("KEY_B");
  CHECK(always(kStaleTime, [&] { return pair.typed.has({}); }));
  must(pair.cable.plug());
  expect_modifier_again(pair);
  CHECK(pair.typed.count("KEY_B", true) == 0);
}

TEST_CASE("A silence that ends as soon as it has released what is held presses modifiers again") {
  if (!networks_permitted()) return;
  TwoDesks pair;
  pair.start();
  hold(pair);

  must(pair.cable.cut());
  CHECK(eventually(kStuckMax, [&] { return pair.typed.has({}); }));
  must(pair.cable.mend());
  expect_modifier_again(pair);
}

TEST_CASE("A long partition ends the session; the next one begins with nothing stale") {
  if (!networks_permitted()) return;
  TwoDesks pair;
  pair.start();
  hold(pair);

  must(pair.cable.cut());
  CHECK(eventually(kStuckMax, [&] { return pair.typed.has({}); }));
  pair.keyboard.tap("KEY_B");
  CHECK(always(Seconds(4), [&] { return pair.typed.has({}); }));
  must(pair.cable.mend());
  expect_modifier_again(pair);
  CHECK(pair.typed.count("KEY_B", true) == 0);
}

TEST_CASE(
    "What is typed during a short partition comes once and in order, or its gap is reported") {
  if (!networks_permitted()) return;
  TwoDesks pair;
  pair.start();
  const std::uint64_t gaps = pair.gaps();
  Typist typist(pair.keyboard);
  typist.tap(10);
  must(pair.cable.cut());
  typist.tap(20);
  must(pair.cable.mend());
  typist.tap(10);
  pair.keyboard.tap("KEY_F22");
  CHECK(eventually(kPatience, [&] { return pair.typed.count("KEY_F22", false) == 1; }));

  const Text text = read(pair.typed, typist.taps());
  CHECK(text.orderly);
  CHECK(text.all_up);
  CHECK((text.came == typist.taps() || pair.gaps() > gaps));
}

TEST_CASE("A machine that stands still loses what it holds within a second, and is heard again") {
  if (!networks_permitted()) return;
  TwoDesks pair;
  pair.start();
  hold(pair);

  pair.freeze(pair.desk);
  CHECK(eventually(kStuckMax, [&] { return pair.typed.has({}); }));
  pair.thaw();
  pair.keyboard.up("KEY_A");
  pair.keyboard.up("KEY_LEFTSHIFT");
  pair.await_keys();
}

TEST_CASE("Events for a machine that stands still are bounded, and none of them comes late") {
  if (!networks_permitted()) return;
  constexpr std::uint64_t kGrowthMax = 24 * 1024 * 1024;
  TwoDesks pair;
  pair.start();
  std::vector<std::pair<pid_t, std::uint64_t>> before;
  for (const pid_t pid : {pair.desk.kernel().pid(), pair.desk.pid("wire")})
    before.emplace_back(pid, resident_bytes(pid));
  const std::uint64_t gaps = pair.gaps();

  pair.freeze(pair.laptop);
  pair.keyboard.tell("burst 200000");
  pair.keyboard.tap("KEY_C");
  const auto delivered = [&] {
    return pair.desk.call("kernel.info").at("events").at("published").get<std::uint64_t>();
  };
  CHECK(eventually(kPatience, [&] { return delivered() >= 400'000; }));
  CHECK(always(kStaleTime, [&] {
    for (const auto& [pid, bytes] : before)
      if (resident_bytes(pid) > bytes + kGrowthMax) return false;
    return true;
  }));
  pair.thaw();
  pair.await_keys();
  CHECK(pair.typed.count("KEY_C", true) == 0);
  CHECK(pair.gaps() > gaps);
}

TEST_CASE("A machine that gets another address is back under it") {
  if (!networks_permitted()) return;
  TwoDesks pair;
  pair.start();
  hold(pair);

  must(pair.cable.b().move_to("10.77.1.9", "fd77:1::9"));
  CHECK(eventually(kStuckMax, [&] { return !pair.typed.down().contains("KEY_A"); }));
  expect_modifier_again(pair);
}
