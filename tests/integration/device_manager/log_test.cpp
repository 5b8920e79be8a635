#include "tests/integration/device_manager/rig.hpp"

#include <dkvm/limits.hpp>

using namespace dkvm;
using namespace dkvm::test;

TEST_CASE("64 KiB of stderr without a newline is one line that says what was cut") {
  Rig rig;
  rig.run(spec_of(1, {"stderr", "100000"}));
  rig.until_state(1, RunState::running);
  REQUIRE(rig.manager().stop(1, "by hand"));
  rig.until_state(1, RunState::stopped);
  const auto lines = rig.log_of(1);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].size() < kLogLineBytesMax + 100);
  CHECK_THAT(lines[0], Catch::EndsWith("[34464 bytes cut]"));
}

TEST_CASE("over its rate a device's stderr is read later, and nothing is lost") {
  Rig rig;
  DeviceSpec spec = spec_of(1, {"lines", "2000"});
  spec.log_rate = {64 * 1024, 1024};
  rig.run(spec);
  rig.until([&] { return rig.log_of(1).size() >= 1000; });
  CHECK(rig.shot(1).log_delays > 0);
  rig.until([&] { return rig.shot(1).state == RunState::running; });
  rig.until([&] { return rig.log_of(1).back() == "line 1999"; });
}
