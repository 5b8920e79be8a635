#include "tests/integration/device_manager/rig.hpp"

#include <sys/wait.h>

using namespace dkvm;
using namespace dkvm::test;

namespace {

bool reports(const Rig& rig, const std::string& line) {
  return std::ranges::count(rig.log_of(1), line) == 1;
}

}  // namespace

TEST_CASE("a device starts with three descriptors, a group, clean signals and its limits") {
  const UniqueFd stray(::open("/dev/null", O_RDONLY));  // not close-on-exec
  ::signal(SIGPIPE, SIG_IGN);
  Rig rig;
  DeviceSpec spec = spec_of(1, {"report"});
  spec.program.limits.files = 200;
  spec.program.limits.nice = 7;
  spec.program.env.push_back("SECRET=kept");
  ::setenv("SECRET", "leaked", 1);
  rig.run(spec);
  rig.until_state(1, RunState::running);
  rig.until([&] { return rig.log_of(1).size() == 8; });
  ::signal(SIGPIPE, SIG_DFL);
  CHECK(reports(rig, "fds: 0 1 2"));
  CHECK(reports(rig, "core: 0"));
  CHECK(reports(rig, "files: 200"));
  CHECK(reports(rig, "nice: 7"));
  CHECK(reports(rig, "group: own"));
  CHECK(reports(rig, "blocked: 0"));
  CHECK(reports(rig, "sigpipe: default"));
  CHECK(reports(rig, "secret: kept"));
}

TEST_CASE("a core file may be as large as was said") {
  Rig rig;
  DeviceSpec spec = spec_of(1, {"report"});
  spec.program.limits.core_bytes = 4096;
  rig.run(spec);
  rig.until([&] { return rig.log_of(1).size() == 8; });
  CHECK(reports(rig, "core: 4096"));
}

TEST_CASE("a device ends when its kernel does") {
  const TemporaryFolder folder;
  const auto file = folder.path / "pid";
  Rig rig;
  // The kernel of this test is a shell that starts one device and is killed.
  DeviceSpec spec = spec_of(1, {});
  spec.program.path = "/bin/sh";
  spec.program.args = {"-c", launcher_path() + " --parent $$ -- /bin/sh -c 'echo $$ > " +
                                 file.string() + "; exec sleep 1000' & wait"};
  spec.supervision.restart = RestartPolicy::never;
  rig.run(spec);
  rig.until([&] { return !contents(file).empty(); });
  const ProcessId device = std::stoi(contents(file));
  const ProcessId kernel = rig.shot(1).pid;
  // Not through the reaper, which would kill the group.
  REQUIRE(::kill(kernel, SIGKILL) == 0);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(kernel), &info, WEXITED | WNOWAIT) == 0);
  REQUIRE(::waitid(P_PID, static_cast<id_t>(device), &info, WEXITED | WNOWAIT) == 0);
  CHECK(info.si_code == CLD_KILLED);
  CHECK(info.si_status == SIGTERM);
  rig.until_state(1, RunState::failed);
}

TEST_CASE("a device whose kernel is gone already is never started") {
  const TemporaryFolder folder;
  const auto file = folder.path / "started";
  Rig rig;
  DeviceSpec spec = spec_of(1, {});
  spec.program.path = launcher_path();
  spec.program.args = {"--parent", "1", "--", "/bin/touch", file};
  rig.run(spec);
  rig.until([&] { return !rig.manager().deaths().empty(); });
  CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("a limit that the system refuses fails the start with its reason") {
  Rig rig;
  DeviceSpec spec = spec_of(1, {"good"});
  spec.program.limits.files = 1ULL << 40;
  rig.run(spec);
  rig.until_state(1, RunState::backoff);
  CHECK(rig.shot(1).reason ==
        "exit status 123: the system refused its limits: the limit of "
        "1099511627776 files is refused: Operation not permitted");
  CHECK_THAT(rig.log_of(1).at(0), Catch::Contains("files is refused"));
}

TEST_CASE("a bare name is looked up in the device's PATH") {
  Rig rig;
  DeviceSpec spec = spec_of(1, {});
  spec.program.path = "sh";
  spec.program.args = {"-c", "exit 9"};
  rig.run(spec);
  rig.until([&] { return !rig.manager().deaths().empty(); });
  CHECK(rig.manager().deaths().at(0).status.code == 9);
}
