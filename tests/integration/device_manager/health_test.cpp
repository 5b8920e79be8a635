#include "tests/integration/device_manager/rig.hpp"

using namespace dkvm;
using namespace dkvm::test;

TEST_CASE("a device that stops itself while it holds input is killed within a second") {
  Rig rig;
  DeviceSpec spec = spec_of(1, {"stop-itself"});
  rig.run(spec);
  rig.until_state(1, RunState::degraded);
  CHECK(rig.shot(1).reason == "its process is stopped by a signal");
  const TimePoint from = Clock::now();
  rig.manager().input_held(1, true);
  rig.until([&] { return !rig.manager().deaths().empty(); });
  CHECK(Clock::now() - from >= spec.supervision.health.stopped_max);
  CHECK(Clock::now() - from < 1s);
  CHECK_THAT(rig.manager().deaths().at(0).reason, Catch::Contains("while it held input"));
}

TEST_CASE("a device that is stopped and continued is running again") {
  Rig rig;
  rig.run(spec_of(1, {"stop-itself"}));
  rig.until_state(1, RunState::degraded);
  ::kill(rig.shot(1).pid, SIGCONT);
  rig.until_state(1, RunState::running);
  CHECK(rig.shot(1).incarnation == 1);
}

TEST_CASE("a hung device that holds input is killed within a second") {
  Rig rig;
  DeviceSpec spec = spec_of(1, {"hang"});
  spec.supervision.health.input_path = true;
  rig.run(spec);
  rig.until_state(1, RunState::running);
  const TimePoint from = Clock::now();
  rig.manager().input_held(1, true);
  rig.until([&] { return !rig.manager().deaths().empty(); });
  CHECK(Clock::now() - from < 1s);
  CHECK(rig.manager().deaths().at(0).reason == "no sign of life in 600 ms");
  CHECK(rig.manager().deaths().at(0).status.signal == SIGKILL);
}

TEST_CASE("a hung ordinary device is asked to abort first") {
  Rig rig;
  DeviceSpec spec = spec_of(1, {"hang"});
  spec.supervision.health.ordinary = {50ms, 2};
  rig.run(spec);
  rig.until([&] { return !rig.manager().deaths().empty(); });
  CHECK(rig.manager().deaths().at(0).reason == "no sign of life in 100 ms");
  CHECK(rig.manager().deaths().at(0).status.signal == SIGABRT);
}

TEST_CASE("with health off a hung and stopped device is left alone") {
  Rig rig;
  DeviceSpec watched = spec_of(1, {"hang"});
  watched.supervision.health.ordinary = {50ms, 2};
  DeviceSpec free = spec_of(2, {"stop-itself"});
  free.supervision.health = watched.supervision.health;
  free.supervision.health.enabled = false;
  rig.run(free);
  rig.until_state(2, RunState::degraded);
  rig.manager().input_held(2, true);
  rig.run(watched);
  rig.until([&] { return rig.manager().deaths("device1").size() >= 2; });
  CHECK(rig.manager().deaths("device2").empty());
  CHECK(rig.shot(2).incarnation == 1);
}

TEST_CASE("a loop that stands still blames nobody for the time it lost") {
  Rig rig;
  DeviceSpec spec = spec_of(1, {"good"});
  spec.supervision.health.input_path = true;
  rig.run(spec);
  rig.until_state(1, RunState::running);
  rig.manager().input_held(1, true);
  const auto answers = [&] {
    return std::ranges::count(rig.letters, std::pair<DeviceId, char>{1, 'a'});
  };
  for (int gap = 0; gap < 2; ++gap) {
    const auto before = answers();
    const TimePoint until = Clock::now() + 700ms;
    while (Clock::now() < until) {
    }
    rig.until([&] { return answers() > before + 1; });
  }
  CHECK(rig.shot(1).incarnation == 1);
  CHECK(rig.manager().deaths().empty());
}
