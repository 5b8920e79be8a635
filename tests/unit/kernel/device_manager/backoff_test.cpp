#include "kernel/device_manager/backoff.hpp"

#include "tests/support/seed.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace dkvm;
using namespace std::chrono_literals;

namespace {

constexpr double kNoJitter = 0.5;

}  // namespace

TEST_CASE("delays double up to the cap") {
  Backoff backoff;
  CHECK(backoff.next(0s, kNoJitter) == 250ms);
  CHECK(backoff.next(0s, kNoJitter) == 500ms);
  CHECK(backoff.next(1s, kNoJitter) == 1s);
  for (int i = 0; i < 20; ++i) backoff.next(0s, kNoJitter);
  CHECK(backoff.next(0s, kNoJitter) == 30s);
}

TEST_CASE("the first start after a healthy run is immediate, the next is the first delay") {
  Backoff backoff;
  for (int i = 0; i < 3; ++i) backoff.next(0s, kNoJitter);
  CHECK(backoff.next(10s, kNoJitter) == 0s);
  CHECK(backoff.next(0s, kNoJitter) == 250ms);
}

TEST_CASE("a run shorter than the last delay is not healthy") {
  Backoff backoff;
  while (backoff.last() < 30s) backoff.next(0s, kNoJitter);
  CHECK(backoff.next(29s, kNoJitter) == 30s);
  CHECK(backoff.next(30s, kNoJitter) == 0s);
}

TEST_CASE("jitter stays within a fifth and below the cap, whatever is drawn") {
  const auto seed = test::seed_of_the_run();
  INFO(test::again_with(seed));
  std::mt19937 engine(seed);
  std::uniform_real_distribution<double> draw(0.0, 1.0);
  for (int run = 0; run < 1000; ++run) {
    Backoff backoff;
    Duration expected = 250ms;
    for (int i = 0; i < 12; ++i) {
      const Duration delay = backoff.next(0s, draw(engine));
      REQUIRE(delay >= expected * 8 / 10 - 1us);
      REQUIRE(delay <= std::min<Duration>(expected * 12 / 10 + 1us, 30s));
      expected = std::min<Duration>(expected * 2, 30s);
    }
  }
}

TEST_CASE("its numbers can be set") {
  Backoff backoff({1s, 3.0, 5s, 0.0, 2s});
  CHECK(backoff.next(0s, 0.9) == 1s);
  CHECK(backoff.next(0s, 0.9) == 3s);
  CHECK(backoff.next(2s, 0.9) == 5s);
  CHECK(backoff.next(5s, 0.9) == 0s);
}
