#include "kernel/device_manager/suspend_watch.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace std::chrono_literals;

TEST_CASE("a sleep is told once, with its length") {
  const TimePoint start{1h};
  SuspendWatch watch(3h, start);
  CHECK(watch.look(3h + 10s, start + 10s) == 0s);
  CHECK(watch.look(3h + 20s + 45min, start + 20s) == 45min);
  CHECK(watch.look(3h + 30s + 45min, start + 30s) == 0s);
}

TEST_CASE("clocks that are read one after the other are no sleep") {
  SuspendWatch watch(3h, TimePoint{1h});
  CHECK(watch.look(3h + 900ms, TimePoint{1h}) == 0s);
}
