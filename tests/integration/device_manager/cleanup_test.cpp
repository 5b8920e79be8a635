#include "tests/integration/device_manager/rig.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

DeviceSpec cleaning(const std::filesystem::path& file) {
  DeviceSpec spec = spec_of(1, {"good"});
  spec.supervision.cleanup = true;
  if (!file.empty()) spec.program.env.push_back("PUPPET_CLEANUP_FILE=" + file.string());
  return spec;
}

void kill_and_wait(Rig& rig) {
  ::kill(rig.shot(1).pid, SIGKILL);
  rig.until([&] { return !rig.manager().deaths().empty(); });
}

}  // namespace

TEST_CASE("after an unclean death the device's cleanup gets the codes before the next start") {
  const TemporaryFolder folder;
  const auto file = folder.path / "codes";
  Rig rig;
  rig.codes = {29, 42};
  rig.run(cleaning(file));
  rig.until_state(1, RunState::running);
  kill_and_wait(rig);
  CHECK(rig.shot(1).cleaning_up);
  rig.until([&] { return rig.shot(1).incarnation == 2; });
  CHECK(contents(file) == "29,42");
  CHECK_FALSE(rig.shot(1).cleaning_up);
}

TEST_CASE("a cleanup that hangs is run again until it is done, and then the device starts") {
  const TemporaryFolder folder;
  const auto file = folder.path / "codes";
  std::filesystem::create_directory(file.string() + ".hang");
  Rig rig;
  rig.codes = {29};
  rig.run(cleaning(file));
  rig.until_state(1, RunState::running);
  kill_and_wait(rig);
  const std::string again = "its cleanup was not done in 500 ms, and is run again";
  rig.until([&] { return rig.log_of(1) == std::vector<std::string>{again}; });
  CHECK(rig.shot(1).incarnation == 1);
  std::filesystem::remove(file.string() + ".hang");
  rig.until([&] { return rig.shot(1).incarnation == 2; });
  CHECK(contents(file) == "29");
}

TEST_CASE("a cleanup that hangs six times is given up, and the kernel says so") {
  Rig rig;
  rig.codes = {29, 42};
  rig.run(cleaning({}));
  rig.until_state(1, RunState::running);
  const TimePoint from = Clock::now();
  kill_and_wait(rig);
  rig.until([&] { return rig.shot(1).incarnation == 2; });
  CHECK(Clock::now() - from >= kCleanupRunsMax * kCleanupTimeMax);
  REQUIRE(rig.log_of(1).size() == 2);
  CHECK(rig.log_of(1)[1] ==
        "its cleanup was run 6 times and not done: 2 keys or buttons may be down there until its "
        "next one");
}

TEST_CASE("nothing is cleaned up when nothing is down, or after a goodbye") {
  const TemporaryFolder folder;
  const auto file = folder.path / "codes";
  Rig rig;
  rig.run(cleaning(file));
  rig.until_state(1, RunState::running);
  kill_and_wait(rig);
  CHECK_FALSE(rig.shot(1).cleaning_up);
  rig.until_state(1, RunState::running);
  rig.codes = {29};
  REQUIRE(rig.manager().stop(1, "by hand"));
  rig.until_state(1, RunState::stopped);
  CHECK_FALSE(rig.shot(1).cleaning_up);
  CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("a cleanup that hangs does not hold the kernel's stop up") {
  Rig rig;
  rig.codes = {29};
  DeviceSpec spec = cleaning({});
  spec.program.args = {"stubborn"};
  rig.run(spec);
  rig.until_state(1, RunState::running);
  bool done = false;
  const TimePoint from = Clock::now();
  rig.manager().stop_all("over", {{1}}, [&](const auto& survivors) {
    done = true;
    CHECK(survivors.empty());
  });
  rig.until([&] { return done; });
  CHECK(Clock::now() - from <= kStopTimeMax);
}
