// A network that is slow, loses or reorders: what is typed arrives, what is held stays.

#include "tests/e2e/net/typist.hpp"

#include <catch2/catch.hpp>

using namespace dkvm::netlab;
using namespace dkvm::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kTaps = 100;

void delay_both(Cable& cable, const Delay& delay) {
  for (CableEnd* end : {&cable.a(), &cable.b()}) must(end->delay(delay));
}

// Types, and waits until the last tap is there: in order, nothing twice, and what is
// missing was reported.
void expect_text(TwoDesks& pair, bool whole) {
  pair.typed.mark();
  const std::uint64_t gaps = pair.gaps();
  Typist typist(pair.keyboard);
  typist.tap(kTaps);
  pair.keyboard.tap("KEY_F22");
  const bool ended = eventually(kPatience, [&] {
    const Text text = read(pair.typed, typist.taps());
    return text.all_up && (pair.typed.count("KEY_F22", false) == 1 || pair.gaps() > gaps);
  });
  INFO(pair.logs());
  CHECK(ended);
  const Text text = read(pair.typed, typist.taps());
  CHECK(text.orderly);
  CHECK((text.came == typist.taps() || (!whole && pair.gaps() > gaps)));
}

// A is down there and stays so for this time, and nothing is pressed a second time.
void expect_held(TwoDesks& pair, Seconds time) {
  pair.typed.mark();
  pair.keyboard.down("KEY_A");
  REQUIRE(eventually(kPatience, [&] { return pair.typed.has({"KEY_A"}); }));
  CHECK(always(time, [&] { return pair.typed.has({"KEY_A"}); }));
  CHECK(pair.typed.count("KEY_A", true) == 1);
  pair.keyboard.up("KEY_A");
  CHECK(eventually(kPatience, [&] { return pair.typed.has({}); }));
}

}  // namespace

TEST_CASE("Text comes whole and in order over 100 ms of delay with as much jitter") {
  if (!networks_permitted()) return;
  TwoDesks pair;
  pair.start();
  delay_both(pair.cable, {.least = 50ms, .jitter = 50ms});
  expect_text(pair, true);
  expect_held(pair, Seconds(1));
}

TEST_CASE("Jitter of 200 ms releases nothing that is held") {
  if (!networks_permitted()) return;
  TwoDesks pair;
  pair.start();
  delay_both(pair.cable, {.least = 1ms, .jitter = 200ms});
  pair.await_keys();
  expect_held(pair, Seconds(4));
}

TEST_CASE("Text comes whole and in order when packets overtake each other") {
  if (!networks_permitted()) return;
  TwoDesks pair;
  pair.start();
  delay_both(pair.cable, {.least = 2ms, .jitter = 20ms, .reorder = true});
  expect_text(pair, true);
  expect_held(pair, Seconds(1));
}

TEST_CASE("Text comes in order when a fifth of all packets is lost, or its gap is reported") {
  if (!networks_permitted()) return;
  TwoDesks pair;
  pair.start();
  for (CableEnd* end : {&pair.cable.a(), &pair.cable.b()}) must(end->lose(20));
  expect_text(pair, false);
  pair.keyboard.down("KEY_A");
  pair.keyboard.up("KEY_A");
  for (CableEnd* end : {&pair.cable.a(), &pair.cable.b()}) must(end->lose(0));
  pair.await_keys();
}

TEST_CASE("At 1 Mbit/s beside a screen, a key is released on the far side within a second") {
  if (!networks_permitted()) return;
  constexpr std::uint64_t kBitsPerSecond = 1'000'000;
  constexpr std::uint64_t kQueueBytes = 64 * 1024;
  TwoDesks pair;
  pair.start({.desk_devices = "  screen: {type: dummy-display-source, config: {size: 640x360, "
                              "fps: 30, picture: random}}\n",
              .desk_pipelines = "  - {name: screen, from: screen, to: link/laptop/screen}\n",
              .laptop_devices = "  viewer: {type: dummy-display-sink}\n",
              .laptop_pipelines = "  - {name: screen, from: link/desk/screen, to: viewer}\n"});
  for (CableEnd* end : {&pair.cable.a(), &pair.cable.b()})
    must(end->limit(kBitsPerSecond, kQueueBytes));
  pair.await_keys();
  for (int i = 0; i < 5; ++i) {
    pair.keyboard.down("KEY_A");
    REQUIRE(eventually(kPatience, [&] { return pair.typed.has({"KEY_A"}); }));
    pair.keyboard.up("KEY_A");
    CHECK(eventually(kStuckMax, [&] { return pair.typed.has({}); }));
  }
  expect_text(pair, true);
}
