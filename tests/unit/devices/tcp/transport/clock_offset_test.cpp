#include "devices/tcp/transport/clock_offset.hpp"
#include "tests/support/seed.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>

using namespace dkvm::tcp;

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kSecond = 1000 * kMs;

// A ping that goes out at now, over two ways of these lengths, to a clock that is ahead.
ClockSample sample(std::uint64_t now, std::uint64_t out, std::uint64_t back, std::int64_t ahead) {
  const auto there = [ahead](std::uint64_t ns) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(ns) + ahead);
  };
  return {now, there(now + out), there(now + out + kMs), now + out + kMs + back};
}

}  // namespace

TEST_CASE("even ways give the exact offset, with half of the round trip as its bound") {
  ClockOffset clock;
  CHECK_FALSE(clock.known());
  CHECK(clock.to_local(77, 0) == 77);
  const std::int64_t ahead = GENERATE(0, 5'000'000'000, -5'000'000'000);
  REQUIRE(clock.add(sample(100 * kSecond, 2 * kMs, 2 * kMs, ahead)));
  CHECK(clock.offset_ns(101 * kSecond) == ahead);
  CHECK(clock.rtt_ns() == 4 * kMs);
  CHECK(clock.error_ns(101 * kSecond) == 2 * kMs);
  const auto there = static_cast<std::uint64_t>(static_cast<std::int64_t>(200 * kSecond) + ahead);
  CHECK(clock.to_local(there, 101 * kSecond) == 200 * kSecond);
}

TEST_CASE("the true offset is within the bound, however uneven the ways") {
  dkvm::test::Random random;
  INFO(random.again());
  ClockOffset clock;
  constexpr std::int64_t kAhead = 123'456'789'000;
  for (std::uint64_t now = kSecond; now < 60 * kSecond; now += 100 * kMs) {
    REQUIRE(
        clock.add(sample(now, random.between(1, 80 * kMs), random.between(1, 80 * kMs), kAhead)));
    const auto off = static_cast<std::uint64_t>(std::llabs(clock.offset_ns(now) - kAhead));
    REQUIRE(off <= clock.error_ns(now));
  }
}

TEST_CASE("once set, the offset moves by 500 microseconds a second and no faster") {
  ClockOffset clock;
  std::uint64_t now = kSecond;
  for (int i = 0; i < 3; ++i, now += 100 * kMs) clock.add(sample(now, 20 * kMs, 20 * kMs, 0));
  clock.add(sample(now, kMs, kMs, 10 * static_cast<std::int64_t>(kMs)));
  const std::uint64_t set = now + 3 * kMs;
  CHECK(clock.offset_ns(set) == 0);
  CHECK(clock.offset_ns(set + kSecond) == 500'000);
  std::int64_t before = clock.offset_ns(set);
  for (now = set; now < set + 9 * kSecond; now += 100 * kMs) {
    const std::int64_t present = clock.offset_ns(now);
    REQUIRE(present - before <= 50'000);
    REQUIRE(present >= before);
    before = present;
    clock.add(sample(now, 2 * kMs, 2 * kMs, 10 * static_cast<std::int64_t>(kMs)));
  }
}

TEST_CASE("a short round trip counts for ten seconds, then what is newer") {
  ClockOffset clock;
  clock.add(sample(kSecond, kMs, kMs, 0));
  for (std::uint64_t now = 2 * kSecond; now < 11 * kSecond; now += kSecond)
    clock.add(sample(now, 30 * kMs, 30 * kMs, 0));
  CHECK(clock.min_rtt_ns() == 2 * kMs);
  clock.add(sample(12 * kSecond, 30 * kMs, 30 * kMs, 0));
  CHECK(clock.min_rtt_ns() == 60 * kMs);
}

TEST_CASE("times that no clocks make are no sample") {
  ClockOffset clock;
  CHECK_FALSE(clock.add({10, 5, 6, 9}));      // back before it went
  CHECK_FALSE(clock.add({10, 7, 6, 20}));     // there: sent before it came
  CHECK_FALSE(clock.add({10, 0, 1000, 20}));  // longer there than away
  CHECK_FALSE(clock.known());
}

TEST_CASE("a new session starts from nothing") {
  ClockOffset clock;
  clock.add(sample(kSecond, kMs, kMs, 5000));
  clock.reset();
  CHECK_FALSE(clock.known());
  clock.add(sample(2 * kSecond, kMs, kMs, 9000));
  CHECK(clock.offset_ns(2 * kSecond) == 9000);
}

TEST_CASE("a clock that has stood still is a new beginning, and drift is not") {
  constexpr std::uint64_t kStart = 100 * kSecond;
  ClockOffset clock;
  for (std::uint64_t now = kStart; now < kStart + 5 * kSecond; now += 100 * kMs)
    clock.add(sample(now, kMs, kMs, 0));
  clock.add(sample(kStart + 5 * kSecond, kMs, kMs, 30 * static_cast<std::int64_t>(kMs)));
  CHECK(clock.offset_ns(kStart + 5 * kSecond + 3 * kMs) == 0);
  const auto slept = 60 * static_cast<std::int64_t>(kSecond);
  clock.add(sample(kStart + 6 * kSecond, kMs, kMs, -slept));
  CHECK(clock.offset_ns(kStart + 6 * kSecond + 3 * kMs) == -slept);
  CHECK(clock.error_ns(kStart + 6 * kSecond + 3 * kMs) == kMs);
}

TEST_CASE("a clock that cannot be is no sample") {
  ClockOffset clock;
  CHECK_FALSE(clock.add({kSecond, UINT64_MAX - 1, UINT64_MAX, kSecond + kMs}));
  CHECK_FALSE(clock.known());
}

TEST_CASE("times of a source never go backwards") {
  ClockFor source;
  CHECK(source.at(10) == 10);
  CHECK(source.at(7) == 10);
  CHECK(source.at(11) == 11);
}
