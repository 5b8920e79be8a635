#include "pipelines/switches/chords.hpp"
#include "tests/support/seed.hpp"

#include <catch2/catch.hpp>

#include <random>

using dkvm::detail::Chords;
using dkvm::detail::CodeBits;

namespace {

constexpr std::uint16_t kCtrl = 29, kAlt = 56, kOne = 2, kTwo = 3, kScrollLock = 70;

Chords three() { return Chords({{kCtrl, kAlt, kOne}, {kAlt, kCtrl, kTwo}, {kScrollLock}}); }

}  // namespace

TEST_CASE("A chord is complete when its last key goes down upon the others") {
  Chords chords = three();
  CHECK(chords.key(0, kAlt, true).pass);
  CHECK(chords.key(0, kCtrl, true).pass);
  const auto stroke = chords.key(0, kOne, true);
  CHECK_FALSE(stroke.pass);
  REQUIRE(stroke.chord == 0u);
}

TEST_CASE("The last key of a chord goes nowhere until it was lifted") {
  Chords chords = three();
  CHECK(chords.key(0, kScrollLock, true).chord == 2u);
  CHECK_FALSE(chords.key(0, kScrollLock, true).pass);   // a repeat
  CHECK_FALSE(chords.key(0, kScrollLock, true).chord);  // and no new chord
  CHECK_FALSE(chords.key(0, kScrollLock, false).pass);
  CHECK(chords.withheld().none());
  CHECK(chords.key(0, kScrollLock, true).chord == 2u);
}

TEST_CASE("With another key down it is no chord") {
  Chords chords = three();
  chords.key(0, kCtrl, true);
  chords.key(0, kAlt, true);
  chords.key(0, 30, true);
  const auto stroke = chords.key(0, kOne, true);
  CHECK(stroke.pass);
  CHECK_FALSE(stroke.chord);
}

TEST_CASE("The last key must be the last") {
  Chords chords = three();
  chords.key(0, kOne, true);
  chords.key(0, kCtrl, true);
  CHECK_FALSE(chords.key(0, kAlt, true).chord);
}

TEST_CASE("Keys of several keyboards make one chord") {
  Chords chords = three();
  chords.key(1, kCtrl, true);
  chords.key(0, kAlt, true);
  CHECK(chords.key(2, kTwo, true).chord == 1u);
}

TEST_CASE("A keyboard that is gone holds nothing") {
  Chords chords = three();
  chords.key(1, 30, true);
  chords.lost(1);
  CHECK(chords.key(0, kScrollLock, true).chord == 2u);
  chords.lost(0);
  CHECK(chords.withheld().none());
}

TEST_CASE("What a keyboard says it holds is what it holds") {
  Chords chords = three();
  chords.key(0, 30, true);  // its up was lost
  chords.key(0, kCtrl, true);
  CodeBits pressed;
  pressed.set(kCtrl);
  chords.only(0, pressed);
  chords.key(0, kAlt, true);
  CHECK(chords.key(0, kOne, true).chord == 0u);
}

TEST_CASE("Keys that are withheld go nowhere until they are pressed anew") {
  Chords chords = three();
  chords.key(0, kCtrl, true);
  chords.key(0, kAlt, true);
  REQUIRE(chords.key(0, kOne, true).chord == 0u);
  chords.withhold(0);
  CHECK_FALSE(chords.key(0, kCtrl, false).pass);
  CHECK(chords.key(0, kCtrl, true).pass);
  CHECK_FALSE(chords.key(0, kAlt, false).pass);
  CHECK(chords.key(0, kAlt, true).pass);
}

TEST_CASE("Of a key that passed when it went down the up passes too, whatever is typed") {
  const auto seed = dkvm::test::seed_of_the_run();
  INFO(dkvm::test::again_with(seed));
  std::mt19937_64 random(seed);
  const std::uint16_t codes[] = {kCtrl, kAlt, kOne, kTwo, kScrollLock, 30};
  Chords chords = three();
  CodeBits down;
  CodeBits passed;
  std::size_t found = 0;
  for (int step = 0; step < 300'000; ++step) {
    const std::uint16_t code = codes[random() % std::size(codes)];
    const bool goes_down = !down[code];
    const auto stroke = chords.key(code % 3, code, goes_down);
    down[code] = goes_down;
    if (goes_down) passed[code] = stroke.pass;
    if (!goes_down) REQUIRE(stroke.pass == passed[code]);
    if (stroke.chord) {
      ++found;
      REQUIRE_FALSE(stroke.pass);
    }
    if (down.none()) REQUIRE(chords.withheld().none());
  }
  REQUIRE(found > 100);
}
