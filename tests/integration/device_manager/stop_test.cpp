#include "tests/integration/device_manager/rig.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

// Stops everything and tells how long that took.
Duration stop_all(Rig& rig, const DeviceManager::Ranks& ranks) {
  std::optional<std::vector<std::string>> survivors;
  const TimePoint from = Clock::now();
  rig.manager().stop_all("the test is over", ranks, [&](const auto& names) { survivors = names; });
  rig.until([&] { return survivors.has_value(); });
  CHECK(survivors->empty());
  return Clock::now() - from;
}

}  // namespace

TEST_CASE("a device that ignores everything is down three seconds after the request") {
  Rig rig;
  rig.run(spec_of(1, {"stubborn"}));
  rig.run(spec_of(2, {"good"}));
  rig.until_state(1, RunState::running);
  rig.until_state(2, RunState::running);
  const ProcessId pid = rig.shot(1).pid;
  const Duration took = stop_all(rig, {});
  CHECK(took >= kStopKillAfter);
  CHECK(took <= kStopTimeMax);
  CHECK_FALSE(exists(pid));
  const auto deaths = rig.manager().deaths();
  REQUIRE(deaths.size() == 1);
  CHECK(deaths[0].reason == "did not stop by itself: killed by SIGKILL");
}

TEST_CASE("ranks get their stop frames in turn, upstream first") {
  Rig rig;
  for (const DeviceId id : std::initializer_list<DeviceId>{1, 2, 3, 4})
    rig.run(spec_of(id, {"good"}));
  for (const DeviceId id : std::initializer_list<DeviceId>{1, 2, 3, 4})
    rig.until_state(id, RunState::running);
  const Duration took = stop_all(rig, {{4}, {2, 3}, {1}});
  CHECK(took < kStopTermAfter);
  const auto place = [&](DeviceId id, char letter) {
    const auto found = std::ranges::find(rig.letters, std::pair<DeviceId, char>{id, letter});
    REQUIRE(found != rig.letters.end());
    return found - rig.letters.begin();
  };
  // Nobody is told before the whole rank in front has said goodbye.
  for (const DeviceId id : std::initializer_list<DeviceId>{2, 3}) {
    CHECK(place(4, 'b') < place(id, 's'));
    CHECK(place(id, 'b') < place(1, 's'));
  }
  CHECK(rig.manager().deaths().empty());
}

TEST_CASE("while everything stops nothing is started, and done is told at once when nothing runs") {
  Rig rig;
  CHECK(stop_all(rig, {}) < 1s);
  REQUIRE(rig.manager().add(spec_of(1, {"good"})));
  CHECK(rig.manager().start(1).error().code() == Errc::denied);
}

TEST_CASE("a device in backoff, one that hangs before hello and one that is stopped all go down") {
  Rig rig;
  rig.run(spec_of(1, {"exit", "1"}));
  rig.run(spec_of(2, {"mute"}));
  rig.run(spec_of(3, {"stop-itself"}));
  rig.until_state(1, RunState::backoff);
  rig.until_state(3, RunState::degraded);
  CHECK(stop_all(rig, {{1, 2, 3}}) <= kStopTimeMax);
  for (const DeviceId id : std::initializer_list<DeviceId>{1, 2, 3})
    CHECK(rig.shot(id).state == RunState::stopped);
}

TEST_CASE("a stop of one device leaves the others running") {
  Rig rig;
  rig.run(spec_of(1, {"good"}));
  rig.run(spec_of(2, {"good"}));
  rig.until_state(1, RunState::running);
  rig.until_state(2, RunState::running);
  REQUIRE(rig.manager().stop(1, "by hand"));
  rig.until_state(1, RunState::stopped);
  CHECK(rig.shot(2).state == RunState::running);
  REQUIRE(rig.manager().start(1));
  rig.until_state(1, RunState::running);
  CHECK(rig.shot(1).incarnation == 2);
}
