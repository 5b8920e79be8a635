#include "devices/codec/rate_control.hpp"

#include "devices/codec/refresh_gate.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::codec;

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kStart = 3'600'000 * kMs;  // of a clock that has run for a while

Feedback queue(std::uint32_t ms, std::uint64_t bits_per_s = 0, std::uint64_t dropped = 0) {
  Feedback feedback;
  feedback.queue_ms = ms;
  feedback.bits_per_s = bits_per_s;
  feedback.dropped = dropped;
  return feedback;
}

}  // namespace

TEST_CASE("a rate without any word about the way is the one that was asked for") {
  RateControl control(10'000'000);
  CHECK(control.bits_per_s(kStart) == 10'000'000);
  CHECK(control.bits_per_s(kStart + 60'000 * kMs) == 10'000'000);
}

TEST_CASE("a queue takes the rate down at once, to what the way says it takes") {
  RateControl control(10'000'000);
  control.note(queue(200, 2'000'000), kStart);
  CHECK(control.bits_per_s(kStart) == 1'600'000);
  control.note(queue(200), kStart + 300 * kMs);
  CHECK(control.bits_per_s(kStart + 300 * kMs) < 1'100'000);
}

TEST_CASE("what was taken off must show before more is") {
  RateControl control(10'000'000);
  control.note(queue(200), kStart);
  const std::uint64_t first = control.bits_per_s(kStart);
  CHECK(first < 10'000'000);
  control.note(queue(200), kStart + 10 * kMs);
  CHECK(control.bits_per_s(kStart + 10 * kMs) == first);
}

TEST_CASE("drops take the rate down without a queue, each once") {
  RateControl control(10'000'000);
  control.note(queue(0, 0, 3), kStart);
  const std::uint64_t first = control.bits_per_s(kStart);
  CHECK(first < 10'000'000);
  control.note(queue(0, 0, 3), kStart + 300 * kMs);
  CHECK(control.bits_per_s(kStart + 300 * kMs) == first);
}

TEST_CASE("the rate goes up slowly, to what was asked for and no further") {
  RateControl control(10'000'000);
  control.note(queue(500, 2'000'000), kStart);
  std::uint64_t last = control.bits_per_s(kStart);
  std::uint64_t now = kStart;
  int steps = 0;
  for (; last != 10'000'000 && steps < 1000; ++steps) {
    now += 100 * kMs;
    const std::uint64_t next = control.bits_per_s(now);
    REQUIRE(next >= last);
    REQUIRE(next <= last * 11 / 10 + 1);
    last = next;
  }
  CHECK(steps > 50);
  CHECK(steps < 200);
}

TEST_CASE("a queue that stays keeps the rate from going up, for as long as that is news") {
  RateControl control(10'000'000);
  control.note(queue(200, 2'000'000), kStart);
  control.note(queue(40), kStart + 700 * kMs);
  CHECK(control.bits_per_s(kStart + 700 * kMs) == 1'600'000);
  CHECK(control.bits_per_s(kStart + 1'600 * kMs) == 1'600'000);
  CHECK(control.bits_per_s(kStart + 1'800 * kMs) > 1'600'000);
}

TEST_CASE("a rate never leaves its limits, whatever is said of the way") {
  RateControl control(10'000'000);
  for (std::uint64_t i = 0; i < 200; ++i)
    control.note(queue(UINT32_MAX, 1 + i % 2, i), kStart + i * 1000 * kMs);
  CHECK(control.bits_per_s(kStart + 199'000 * kMs) == kBitrateMin);
  for (std::uint64_t i = 0; i < 200; ++i)
    control.note(queue(100, UINT64_MAX), kStart + (i + 200) * 1000 * kMs);
  CHECK(control.bits_per_s(kStart + 399'000 * kMs) == kBitrateMin);
  control.set_most(5'000'000);
  CHECK(control.bits_per_s(kStart) == 5'000'000);
}

TEST_CASE("a slow way gets fewer pictures rather than smaller ones than show anything") {
  CHECK(PictureRate::of(20'000'000, 60).fps == 60);
  CHECK(PictureRate::of(1'920'000, 60).fps == 30);
  CHECK(PictureRate::of(1'920'000, 60).picture_bits() == 64'000);
  CHECK(PictureRate::of(100'000, 60).fps == 5);
}

TEST_CASE("a gate lets four through each second") {
  RefreshGate gate;
  int passed = 0;
  for (std::uint64_t ms = 0; ms < 1000; ++ms) passed += gate.pass(kStart + ms * kMs) ? 1 : 0;
  CHECK(passed == 4);
}
