#include "tests/integration/device_manager/rig.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

ProcessId pid_in(const std::filesystem::path& file) { return std::stoi(contents(file)); }

}  // namespace

TEST_CASE("a grandchild in a session of its own does not outlive its device") {
  const TemporaryFolder folder;
  const auto file = folder.path / "pid";
  Rig rig;
  rig.run(spec_of(1, {"orphan", file}));
  rig.until_state(1, RunState::running);
  const ProcessId grandchild = pid_in(file);
  REQUIRE(exists(grandchild));
  REQUIRE(rig.manager().stop(1, "by hand"));
  rig.until_state(1, RunState::stopped);
  rig.until([&] { return !exists(grandchild); });
}

TEST_CASE("helpers in the device's group die with it") {
  const TemporaryFolder folder;
  const auto file = folder.path / "pid";
  Rig rig;
  DeviceSpec spec = spec_of(1, {});
  spec.program.path = "/bin/sh";
  spec.program.args = {"-c", "trap '' TERM; sleep 1000 & echo $! > " + file.string() + "; exit 5"};
  rig.run(spec);
  rig.until([&] { return !rig.manager().deaths().empty(); });
  const ProcessId helper = pid_in(file);
  rig.until([&] { return !exists(helper); });
  CHECK(rig.manager().deaths().at(0).status.code == 5);
}

TEST_CASE("a chain of sessions is followed to its end") {
  const TemporaryFolder folder;
  const auto file = folder.path / "pid";
  Rig rig;
  DeviceSpec spec = spec_of(1, {});
  spec.program.path = "/bin/sh";
  // Four sessions deep; the innermost writes its pid, then the device dies.
  spec.program.args = {
      "-c", "setsid sh -c 'setsid sh -c \"setsid sh -c \\\"echo \\\\\\$\\\\\\$ > " + file.string() +
                ".part; mv " + file.string() + ".part " + file.string() +
                "; sleep 1000; true\\\"; true\"; true' & while [ ! -e " + file.string() +
                " ]; do sleep 0.01; done; exit 5"};
  rig.run(spec);
  rig.until([&] { return !rig.manager().deaths().empty(); });
  const ProcessId innermost = pid_in(file);
  rig.until([&] { return !exists(innermost); });
}
