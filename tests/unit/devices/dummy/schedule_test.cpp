#include "devices/dummy/schedule.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::dummy;

TEST_CASE("recorded events are due at exactly their times") {
  auto schedule = *Schedule::parse("recorded");
  for (const std::uint64_t t : {0ull, 123'456'789ull, 999'999'999'999'999ull}) {
    CHECK(schedule.due_ns(t) == t);
    schedule.advance(t);
  }
}

TEST_CASE("a fixed rate does not drift") {
  auto schedule = *Schedule::parse("8000");
  constexpr std::uint64_t kEvents = 691'200;
  for (std::uint64_t i = 0; i < kEvents; ++i) schedule.advance(0);
  CHECK(schedule.due_ns(0) == kEvents * 125'000);
}

TEST_CASE("the next pass follows at the file's own pace") {
  auto schedule = *Schedule::parse("recorded");
  for (const std::uint64_t t : {0ull, 10'000'000ull, 20'000'000ull}) schedule.advance(t);
  schedule.next_pass();
  CHECK(schedule.due_ns(0) == 30'000'000);
  CHECK(schedule.due_ns(20'000'000) == 50'000'000);
}

TEST_CASE("a file of one event at time 0 does not spin") {
  auto schedule = *Schedule::parse("recorded");
  schedule.advance(0);
  schedule.next_pass();
  CHECK(schedule.due_ns(0) == 1'000'000);
}

TEST_CASE("rates are recorded, max or a number within its bounds") {
  CHECK(Schedule::parse("max")->unpaced());
  CHECK_FALSE(Schedule::parse("0.5")->unpaced());
  CHECK(Schedule::parse("0.5")->due_ns(0) == 0);
  for (const char* wrong : {"", "0", "0.0009", "-1", "fast", "1e9", "5 ", "nan", "inf"}) {
    INFO(wrong);
    const auto schedule = Schedule::parse(wrong);
    REQUIRE_FALSE(schedule);
    CHECK(schedule.error().code() == Errc::invalid);
  }
}
