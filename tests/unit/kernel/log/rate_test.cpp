#include "kernel/log/rate.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kStart{1h};

}  // namespace

TEST_CASE("a burst passes at once, then the rate holds") {
  RateLimit limit({1000, 500}, kStart);
  CHECK(limit.allow(10'000, kStart) == 500);
  limit.spend(500);
  CHECK(limit.allow(1, kStart) == 0);
  CHECK(limit.delays() == 1);
  CHECK(limit.allow(10'000, kStart + 100ms) == 100);
}

TEST_CASE("over a long time no more than the rate and one burst is allowed") {
  RateLimit limit({1000, 500}, kStart);
  std::size_t total = 0;
  TimePoint now = kStart;
  while (now < kStart + 10s) {
    const std::size_t allowed = limit.allow(4096, now);
    limit.spend(allowed);
    total += allowed;
    now = allowed == 0 ? limit.ready_at(now) : now + 1ms;
  }
  CHECK(total <= 10'000 + 500);
  CHECK(total >= 9'500);
}

TEST_CASE("after its delay a read is allowed") {
  RateLimit limit({1000, 500}, kStart);
  limit.spend(2000);
  REQUIRE(limit.allow(1, kStart) == 0);
  const TimePoint ready = limit.ready_at(kStart);
  CHECK(limit.allow(1, ready - 100ms) == 0);
  CHECK(limit.allow(1000, ready) >= 62);
}

TEST_CASE("a rate of zero is no limit") {
  RateLimit limit({0, 0}, kStart);
  for (int i = 0; i < 10; ++i) {
    CHECK(limit.allow(1'000'000, kStart) == 1'000'000);
    limit.spend(1'000'000);
  }
  CHECK(limit.delays() == 0);
}
