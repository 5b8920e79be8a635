#include "tools/netlab/delay_queue.hpp"

#include <catch2/catch.hpp>

using namespace dkvm::netlab;
using namespace std::chrono_literals;

TEST_CASE("A delay without jitter adds itself") {
  DelaySchedule schedule({.least = 100ms});
  CHECK(schedule.release_ns(1'000) == 100'001'000);
  CHECK(schedule.release_ns(2'000) == 100'002'000);
}

TEST_CASE("Jitter stays within its bounds and uses them") {
  DelaySchedule schedule({.least = 10ms, .jitter = 5ms, .reorder = true});
  std::uint64_t least = UINT64_MAX;
  std::uint64_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t release = schedule.release_ns(0);
    least = std::min(least, release);
    most = std::max(most, release);
  }
  CHECK(least >= 10'000'000);
  CHECK(least < 10'500'000);
  CHECK(most <= 15'000'000);
  CHECK(most > 14'500'000);
}

TEST_CASE("Without reordering nobody overtakes, with it somebody does") {
  DelaySchedule orderly({.least = 1ms, .jitter = 50ms});
  DelaySchedule unruly({.least = 1ms, .jitter = 50ms, .reorder = true});
  std::uint64_t before = 0;
  std::uint64_t before_unruly = 0;
  int overtaken = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::uint64_t release = orderly.release_ns(i * 1'000'000);
    CHECK(release >= before);
    before = release;
    const std::uint64_t other = unruly.release_ns(i * 1'000'000);
    if (other < before_unruly) ++overtaken;
    before_unruly = other;
  }
  CHECK(overtaken > 100);
}

TEST_CASE("The same seed gives the same network") {
  const Delay delay{.least = 1ms, .jitter = 50ms, .reorder = true, .seed = 7};
  DelaySchedule one(delay);
  DelaySchedule two(delay);
  for (std::uint64_t i = 0; i < 100; ++i) CHECK(one.release_ns(i) == two.release_ns(i));
}
