#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/integration/device_manager/rig.hpp"

using namespace dkvm;
using namespace dkvm::test;

TEST_CASE("a device starts, answers pings, and stops with a goodbye") {
  Rig rig;
  rig.run(spec_of(1, {"good"}));
  rig.until([&] { return std::ranges::count(rig.letters, std::pair<DeviceId, char>{1, 'a'}) > 0; });
  const DeviceSnapshot shot = rig.shot(1);
  CHECK(shot.state == RunState::running);
  CHECK(shot.pid > 0);
  CHECK(shot.incarnation == 1);
  CHECK(read_usage(shot.pid).rss_bytes > 0);
  REQUIRE(rig.manager().stop(1, "by hand"));
  rig.until_state(1, RunState::stopped);
  CHECK(rig.states_of(1) == std::vector<std::string>{"starting", "running", "stopping", "stopped"});
  CHECK(rig.shot(1).reason == "by hand");
  CHECK(rig.manager().deaths().empty());
  CHECK(rig.gaps.empty());
  CHECK(rig.connects == 1);
  CHECK(rig.disconnects == 1);
  CHECK_FALSE(exists(shot.pid));
}

TEST_CASE("a device that exits at once is retried, and its death has its last words") {
  Rig rig;
  rig.run(spec_of(1, {"exit", "3"}));
  rig.until([&] { return rig.shot(1).incarnation >= 3; });
  const auto deaths = rig.manager().deaths("device1");
  REQUIRE(deaths.size() >= 2);
  CHECK(deaths[0].reason == "exit status 3 before hello: last words");
  CHECK(deaths[0].status.code == 3);
  CHECK(deaths[0].incarnation == 1);
  CHECK(deaths[0].log == std::vector<std::string>{"last words"});
  CHECK(rig.manager().deaths("device2").empty());
}

TEST_CASE("a program that is missing or no program says so") {
  Rig rig;
  DeviceSpec missing = spec_of(1, {});
  missing.program.path = "/no/such/program";
  DeviceSpec unfit = spec_of(2, {});
  unfit.program.path = DKVM_SOURCE_DIR "/LICENSE";
  rig.run(missing);
  rig.run(unfit);
  rig.until_state(1, RunState::backoff);
  rig.until_state(2, RunState::backoff);
  CHECK(rig.shot(1).reason ==
        "exit status 127: the program was not found: cannot execute /no/such/program: No such "
        "file or directory");
  CHECK(rig.shot(2).reason ==
        "exit status 126: the program cannot be executed: cannot execute " DKVM_SOURCE_DIR
        "/LICENSE: Permission denied");
  CHECK_THAT(rig.log_of(1).at(0), Catch::Contains("cannot execute /no/such/program"));
}

TEST_CASE("a launcher that is missing fails the start, not the kernel") {
  Loop loop;
  auto spawner = make_spawner("/no/such/launcher");
  auto process = spawner->spawn({puppet({"good"}), Stdio::stream});
  REQUIRE_FALSE(process);
  CHECK(process.error().code() == Errc::not_found);
  CHECK_THAT(process.error().message(), Catch::Contains("/no/such/launcher"));
}

TEST_CASE("a device that says hello and exits with 0 is finished") {
  Rig rig;
  rig.run(spec_of(1, {"hello-exit", "0"}));
  rig.until_state(1, RunState::finished);
  CHECK(rig.states_of(1) == std::vector<std::string>{"starting", "running", "finished"});
}

TEST_CASE("a device that is killed is started again") {
  Rig rig;
  rig.run(spec_of(1, {"good"}));
  rig.until_state(1, RunState::running);
  ::kill(rig.shot(1).pid, SIGKILL);
  rig.until([&] { return rig.shot(1).incarnation == 2 && rig.shot(1).state == RunState::running; });
  CHECK(rig.shot(1).restarts == 1);
  CHECK(rig.manager().deaths().at(0).reason == "killed by SIGKILL");
  CHECK(rig.gaps == std::vector<std::pair<DeviceId, std::uint32_t>>{{1, 1}});
}

TEST_CASE("a refused hello parks the device until it is started again") {
  Rig rig;
  rig.accept_hello = false;
  rig.run(spec_of(1, {"good"}));
  rig.until([&] { return !rig.letters.empty(); });
  rig.manager().hello_refused(1, Error(Errc::unsupported, "it speaks version 9"), true);
  rig.until_state(1, RunState::failed);
  CHECK(rig.shot(1).reason == "it speaks version 9");
  rig.accept_hello = true;
  REQUIRE(rig.manager().update(spec_of(1, {"good"})));
  CHECK(rig.shot(1).state == RunState::failed);
  REQUIRE(rig.manager().start(1));
  rig.until_state(1, RunState::running);
}

TEST_CASE("exit 125 parks the device") {
  Rig rig;
  rig.run(spec_of(1, {"exit", "125"}));
  rig.until_state(1, RunState::failed);
  CHECK(rig.shot(1).incarnation == 1);
}

TEST_CASE("a violation ends one device and leaves its neighbour alone") {
  Rig rig;
  rig.run(spec_of(1, {"good"}));
  rig.run(spec_of(2, {"good"}));
  rig.until_state(1, RunState::running);
  rig.until_state(2, RunState::running);
  rig.manager().violation(1, Error(Errc::corrupt, "bad magic"));
  rig.until([&] { return rig.shot(1).incarnation == 2 && rig.shot(1).state == RunState::running; });
  CHECK(rig.manager().deaths().at(0).reason == "bad magic");
  CHECK(rig.shot(2).incarnation == 1);
  CHECK(rig.shot(2).state == RunState::running);
}

TEST_CASE("a device that closes its stream but lives on is killed") {
  Rig rig;
  rig.run(spec_of(1, {"close"}));
  rig.until([&] { return !rig.manager().deaths().empty(); });
  CHECK(rig.manager().deaths().at(0).reason == "it closed its stream but lived on");
}

TEST_CASE("a restart uses the program of the last update") {
  Rig rig;
  rig.run(spec_of(1, {"good"}));
  rig.until_state(1, RunState::running);
  REQUIRE(rig.manager().update(spec_of(1, {"lines", "1"})));
  CHECK(rig.shot(1).incarnation == 1);
  REQUIRE(rig.manager().restart(1, "new configuration"));
  rig.until([&] { return rig.shot(1).incarnation == 2 && rig.shot(1).state == RunState::running; });
  rig.until([&] { return rig.log_of(1) == std::vector<std::string>{"line 0"}; });
}

TEST_CASE("a removed device is stopped and forgotten, and its id is free again") {
  Rig rig;
  rig.run(spec_of(1, {"good"}));
  rig.until_state(1, RunState::running);
  CHECK_FALSE(rig.manager().add(spec_of(1, {"good"})));
  REQUIRE(rig.manager().remove(1, "gone from the configuration"));
  CHECK_FALSE(rig.manager().start(1));
  rig.until([&] { return !rig.removed_ids.empty(); });
  CHECK_FALSE(rig.manager().snapshot(1));
  CHECK(rig.states_of(1).back() == "stopped");
  rig.run(spec_of(1, {"good"}));
  rig.until_state(1, RunState::running);
}

TEST_CASE("commands for a device that is not there are refused") {
  Rig rig;
  CHECK(rig.manager().start(9).error().code() == Errc::not_found);
  CHECK(rig.manager().stop(9, "").error().code() == Errc::not_found);
  CHECK(rig.manager().update(spec_of(9, {})).error().code() == Errc::not_found);
  CHECK_FALSE(rig.manager().find("device9"));
  rig.manager().hello_accepted(9);
  rig.manager().violation(9, Error(Errc::corrupt, ""));
}

TEST_CASE("a manager that is destroyed leaves no process behind") {
  ProcessId pid = 0;
  {
    Rig rig;
    rig.run(spec_of(1, {"stubborn"}));
    rig.until_state(1, RunState::running);
    pid = rig.shot(1).pid;
  }
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED);
  CHECK_FALSE(exists(pid));
}

TEST_CASE("a start that is held back waits, and goes on when it is told") {
  Rig rig;
  rig.hold_starts = true;
  rig.run(spec_of(1, {"good"}));
  CHECK(rig.asked_to_start == std::vector<DeviceId>{1});
  CHECK(rig.shot(1).state == RunState::starting);
  CHECK(rig.shot(1).pid == 0);
  rig.manager().go_ahead(1);
  rig.until_state(1, RunState::running);
  rig.manager().go_ahead(1);  // nothing is held any more
  CHECK(rig.connects == 1);
}

TEST_CASE("a start that is held back is given up at once when the device is stopped") {
  Rig rig;
  rig.hold_starts = true;
  rig.run(spec_of(1, {"good"}));
  REQUIRE(rig.manager().stop(1, "asked to"));
  CHECK(rig.shot(1).state == RunState::stopped);
  CHECK(rig.manager().deaths().empty());
  rig.manager().go_ahead(1);
  CHECK(rig.connects == 0);
}

TEST_CASE("a device that is removed and added again before it is gone stays, as what it is now") {
  Rig rig;
  rig.run(spec_of(1, {"good"}));
  rig.until_state(1, RunState::running);
  const ProcessId before = rig.shot(1).pid;
  REQUIRE(rig.manager().remove(1, "no longer configured"));
  rig.run(spec_of(1, {"good", "again"}));
  rig.until([&] { return rig.shot(1).state == RunState::running && rig.shot(1).pid != before; });
  CHECK(rig.removed_ids.empty());
}
