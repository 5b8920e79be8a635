#include "devices/codec/rate_control.hpp"

#include "devices/codec/refresh_gate.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::codec;

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kStart = 3'600'000 * kMs;  // of a clock that has run for a while

constexpr std::uint64_t kOne = 1;  // consumers
constexpr std::uint64_t kOther = 2;

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
  control.note(kOne, queue(200, 2'000'000), kStart);
  CHECK(control.bits_per_s(kStart) == 1'600'000);
  control.note(kOne, queue(200), kStart + 300 * kMs);
  CHECK(control.bits_per_s(kStart + 300 * kMs) < 1'100'000);
}

TEST_CASE("what was taken off must show before more is") {
  RateControl control(10'000'000);
  control.note(kOne, queue(200), kStart);
  const std::uint64_t first = control.bits_per_s(kStart);
  CHECK(first < 10'000'000);
  control.note(kOne, queue(200), kStart + 10 * kMs);
  CHECK(control.bits_per_s(kStart + 10 * kMs) == first);
}

TEST_CASE("drops take the rate down without a queue, each once") {
  RateControl control(10'000'000);
  control.note(kOne, queue(0, 0, 3), kStart);
  const std::uint64_t first = control.bits_per_s(kStart);
  CHECK(first < 10'000'000);
  control.note(kOne, queue(0, 0, 3), kStart + 300 * kMs);
  CHECK(control.bits_per_s(kStart + 300 * kMs) == first);
}

TEST_CASE("drops are counted for each consumer, and again where one has begun anew") {
  RateControl control(10'000'000);
  control.note(kOne, queue(0, 0, 3), kStart);
  const std::uint64_t first = control.bits_per_s(kStart);
  CHECK(first < 10'000'000);
  // Neither has dropped any more, whoever speaks in between.
  for (std::uint64_t ms = 250; ms < 500; ms += 50) {
    control.note(kOther, queue(0), kStart + ms * kMs);
    control.note(kOne, queue(0, 0, 3), kStart + ms * kMs);
  }
  CHECK(control.bits_per_s(kStart + 450 * kMs) == first);
  control.note(kOther, queue(0, 0, 1), kStart + 460 * kMs);
  const std::uint64_t second = control.bits_per_s(kStart + 460 * kMs);
  CHECK(second < first);
  control.note(kOne, queue(0, 0, 1), kStart + 700 * kMs);
  CHECK(control.bits_per_s(kStart + 700 * kMs) < second);
}

TEST_CASE("a way without a queue does not hide the queue of another") {
  RateControl control(10'000'000);
  control.note(kOne, queue(200, 2'000'000), kStart);
  for (std::uint64_t ms = 100; ms <= 5'000; ms += 100) {
    if (ms % 500 == 0) control.note(kOne, queue(40), kStart + ms * kMs);
    control.note(kOther, queue(0), kStart + ms * kMs);
    REQUIRE(control.bits_per_s(kStart + ms * kMs) == 1'600'000);
  }
}

TEST_CASE("the rate goes up with time, however often it is asked") {
  RateControl often(10'000'000), once(10'000'000);
  for (RateControl* each : {&often, &once}) each->note(kOne, queue(200, 2'000'000), kStart);
  for (std::uint64_t ms = 0; ms <= 4'000; ms += 16) often.bits_per_s(kStart + ms * kMs);
  CHECK(often.bits_per_s(kStart + 4'000 * kMs) == once.bits_per_s(kStart + 4'000 * kMs));
  CHECK(once.bits_per_s(kStart + 4'000 * kMs) > 2'000'000);
  CHECK(once.bits_per_s(kStart + 60'000 * kMs) == 10'000'000);
}

TEST_CASE("of more consumers than are kept the one not heard for longest is forgotten") {
  RateControl control(10'000'000);
  for (std::uint64_t i = 0; i < 10 * RateControl::kConsumersMax; ++i)
    control.note(i, queue(0), kStart + i * kMs);
  const std::uint64_t last = 10 * RateControl::kConsumersMax - 1;
  control.note(last, queue(200, 2'000'000), kStart + 1'000 * kMs);
  CHECK(control.bits_per_s(kStart + 1'000 * kMs) == 1'600'000);
}

TEST_CASE("the rate goes up slowly, to what was asked for and no further") {
  RateControl control(10'000'000);
  control.note(kOne, queue(500, 2'000'000), kStart);
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
  control.note(kOne, queue(200, 2'000'000), kStart);
  control.note(kOne, queue(40), kStart + 700 * kMs);
  CHECK(control.bits_per_s(kStart + 700 * kMs) == 1'600'000);
  CHECK(control.bits_per_s(kStart + 2'100 * kMs) == 1'600'000);
  CHECK(control.bits_per_s(kStart + 2'200 * kMs) > 1'600'000);
}

TEST_CASE("a rate never leaves its limits, whatever is said of the way") {
  RateControl control(10'000'000);
  for (std::uint64_t i = 0; i < 200; ++i)
    control.note(kOne, queue(UINT32_MAX, 1 + i % 2, i), kStart + i * 1000 * kMs);
  CHECK(control.bits_per_s(kStart + 199'000 * kMs) == kBitrateMin);
  for (std::uint64_t i = 0; i < 200; ++i)
    control.note(kOne, queue(100, UINT64_MAX), kStart + (i + 200) * 1000 * kMs);
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
