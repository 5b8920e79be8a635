#include "kernel/device_manager/stop_plan.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace dkvm;
using namespace std::chrono_literals;

namespace {

using Ids = std::vector<DeviceId>;
constexpr TimePoint kStart{1h};

struct Plan {
  StopPlan plan{{{}, {1, 2}, {3}, {4}}, kStart};
  std::set<DeviceId> down;

  Ids advance(Duration after) {
    return plan.advance([this](DeviceId id) { return down.contains(id); }, kStart + after);
  }
};

}  // namespace

TEST_CASE("a rank gets its turn when all of the one before are quiet") {
  Plan plan;
  CHECK(plan.advance(0ms) == Ids{1, 2});
  plan.down = {1};
  CHECK(plan.advance(10ms).empty());
  plan.down = {1, 2};
  CHECK(plan.advance(20ms) == Ids{3});
  plan.down = {1, 2, 3};
  CHECK(plan.advance(30ms) == Ids{4});
  CHECK(plan.advance(40ms).empty());
}

TEST_CASE("ranks that are down already cost no turn") {
  Plan plan;
  plan.down = {1, 2, 3};
  CHECK(plan.advance(0ms) == Ids{1, 2, 3, 4});
}

TEST_CASE("a rank that says nothing holds the others up for one second at most") {
  Plan plan;
  CHECK(plan.advance(0ms) == Ids{1, 2});
  CHECK(plan.advance(999ms).empty());
  CHECK(plan.advance(1000ms) == Ids{3, 4});
}

TEST_CASE("its deadlines end with the last word") {
  Plan plan;
  CHECK(plan.plan.deadline(kStart) == kStart + kStopRanksTimeMax);
  CHECK(plan.plan.deadline(kStart + kStopRanksTimeMax) == kStart + kStopLastKillAfter);
  CHECK(plan.plan.deadline(kStart + kStopLastKillAfter) == kStart + kStopTimeMax);
  CHECK(plan.plan.deadline(kStart + kStopTimeMax) == kNever);
}
