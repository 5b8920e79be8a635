#include "kernel/device_manager/supervisor.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>

#include "tests/unit/kernel/device_manager/supervised.hpp"

using namespace dkvm;
using namespace dkvm::test;
using namespace std::chrono_literals;

namespace {

SupervisorSpec with(RestartPolicy policy) {
  SupervisorSpec spec;
  spec.restart = policy;
  return spec;
}

}  // namespace

TEST_CASE("a device starts, says hello and runs") {
  Supervised device;
  CHECK(device.on(event::Start{}) == Words{"starting", "spawn 1"});
  CHECK(device.on(event::Spawned{77}) == Words{"starting"});
  CHECK(device.supervisor.pid() == 77);
  CHECK(device.on(event::HelloAccepted{}).empty());
  CHECK(device.on(event::Started{}) == Words{"running"});
  CHECK(device.on(event::Tick{}) == Words{"ping"});
  CHECK(device.on(event::Start{}).empty());
}

TEST_CASE("a device that dies before it is at work never ran, and says why") {
  Supervised device;
  device.on(event::Start{});
  device.on(event::Spawned{77});
  CHECK(device.on(event::Started{}).empty());  // it has not even said hello
  device.on(event::HelloAccepted{});
  device.after(20s);
  CHECK(device.on(Supervised::exited(1, "cannot start: opening keys.jsonl: no such file")) ==
        Words{"disconnect", "gap 1",
              "died: exit status 1: cannot start: opening keys.jsonl: no "
              "such file",
              "backoff: exit status 1: cannot start: opening keys.jsonl: no such file"});
  CHECK(device.supervisor.next_start() - device.now == 250ms);  // that was no healthy run
}

TEST_CASE("a device that is done before it is at work has finished") {
  Supervised device;
  device.on(event::Start{});
  device.on(event::Spawned{77});
  device.on(event::HelloAccepted{});
  CHECK(device.on(Supervised::exited(0)) == Words{"disconnect", "gap 1", "finished"});
}

TEST_CASE("last words are cut to a bound, between characters") {
  Supervised device;
  device.run();
  const std::string begin(kLastWordsBytesMax - 1, 'x');
  device.on(Supervised::exited(1, begin + "\u00e9 and more"));
  CHECK(device.supervisor.reason() == "exit status 1: " + begin);
}

TEST_CASE("a device that dies is started again after its backoff") {
  Supervised device;
  device.run();
  CHECK(device.on(Supervised::killed(SIGSEGV)) ==
        Words{"disconnect", "gap 1", "died: killed by SIGSEGV", "backoff: killed by SIGSEGV"});
  CHECK(device.after(249ms).empty());
  CHECK(device.after(1ms) == Words{"starting", "spawn 2"});
}

TEST_CASE("after a healthy run the restart is immediate") {
  Supervised device;
  device.run();
  device.live(10s);
  CHECK(device.on(Supervised::exited(3)) == Words{"disconnect", "gap 1", "died: exit status 3",
                                                  "backoff: exit status 3", "starting", "spawn 2"});
  device.on(event::Spawned{78});
  device.on(event::HelloAccepted{});
  device.on(event::Started{});
  device.on(Supervised::exited(3));
  CHECK(device.supervisor.next_start() - device.now == 250ms);
}

TEST_CASE("a process that cannot be made counts as a failed start") {
  Supervised device;
  device.on(event::Start{});
  CHECK(device.on(event::SpawnFailed{"no processes left"}) ==
        Words{"died: no processes left", "backoff: no processes left"});
  CHECK(device.after(250ms) == Words{"starting", "spawn 2"});
}

TEST_CASE("a hello in time is one, however long the device then waits to be let in") {
  Supervised device;
  device.on(event::Start{});
  device.on(event::Spawned{77});
  CHECK(device.after(9999ms, event::HelloReceived{}).empty());
  CHECK(device.after(2s).empty());
  device.on(event::HelloAccepted{});
  CHECK(device.on(event::Started{}) == Words{"running"});
}

TEST_CASE("what a hello says about --cleanup counts where no manifest does") {
  Supervised device;
  device.on(event::Start{});
  device.on(event::Spawned{77});
  device.on(event::HelloReceived{true});
  device.on(event::HelloAccepted{});
  device.on(event::Started{});
  const Words end = device.on(Supervised::killed(9, {29}));
  CHECK(std::count(end.begin(), end.end(), "cleanup 29") == 1);
  // Of that life only.
  device.on(event::CleanupFinished{});
  device.on(event::Restart{"again"});
  device.on(event::Spawned{78});
  CHECK_FALSE(device.supervisor.knows_cleanup());
}

TEST_CASE("no hello in ten seconds is a failed start") {
  Supervised device;
  device.on(event::Start{});
  device.on(event::Spawned{77});
  CHECK(device.after(9999ms).empty());
  CHECK(device.after(1ms) == Words{"SIGKILL", "stopping: no hello in 10 s"});
  CHECK(device.on(Supervised::killed(SIGKILL)) ==
        Words{"disconnect", "died: no hello in 10 s", "backoff: no hello in 10 s"});
}

TEST_CASE("the launcher's exit statuses say what was wrong") {
  const auto reason = [](int code) {
    Supervised device;
    device.on(event::Start{});
    device.on(event::Spawned{77});
    device.on(Supervised::exited(code));
    return device.supervisor.reason();
  };
  CHECK(reason(kExitNotFound) == "exit status 127: the program was not found");
  CHECK(reason(kExitNotExecutable) == "exit status 126: the program cannot be executed");
  CHECK(reason(kExitLimitsRefused) == "exit status 123: the system refused its limits");
  CHECK(reason(1) == "exit status 1 before hello");
}

TEST_CASE("exit 0 is the end of a source that has finished") {
  Supervised device;
  device.run();
  device.on(event::StoppedFrame{});
  CHECK(device.on(Supervised::exited(0)) == Words{"disconnect", "finished"});
  CHECK(device.supervisor.at_rest());
  CHECK(device.on(event::Start{}) == Words{"starting", "spawn 2"});
}

TEST_CASE("exit 0 without goodbye is finished too, but leaves a gap") {
  Supervised device;
  device.run();
  CHECK(device.on(Supervised::exited(0)) == Words{"disconnect", "gap 1", "finished"});
}

TEST_CASE("exit 0 before hello is a failed start") {
  Supervised device;
  device.on(event::Start{});
  device.on(event::Spawned{77});
  device.on(Supervised::exited(0));
  CHECK(device.supervisor.state() == RunState::backoff);
  CHECK(device.supervisor.reason() == "exit status 0 before hello");
}

TEST_CASE("the policy says what follows an exit") {
  const auto state_after = [](RestartPolicy policy, int code) {
    Supervised device(with(policy));
    device.run();
    device.on(Supervised::exited(code));
    return device.supervisor.state();
  };
  CHECK(state_after(RestartPolicy::on_failure, 0) == RunState::finished);
  CHECK(state_after(RestartPolicy::on_failure, 1) == RunState::backoff);
  CHECK(state_after(RestartPolicy::always, 0) == RunState::backoff);
  CHECK(state_after(RestartPolicy::always, 1) == RunState::backoff);
  CHECK(state_after(RestartPolicy::never, 0) == RunState::finished);
  CHECK(state_after(RestartPolicy::never, 1) == RunState::failed);
}

TEST_CASE("a device that refuses its configuration is parked until somebody starts it") {
  for (const RestartPolicy policy : {RestartPolicy::on_failure, RestartPolicy::always}) {
    Supervised device(with(policy));
    device.on(event::Start{});
    device.on(event::Spawned{77});
    device.on(Supervised::exited(125));
    CHECK(device.supervisor.state() == RunState::failed);
    CHECK(device.supervisor.reason() == "exit status 125: it refuses to be started again");
    CHECK(device.supervisor.deadline() == kNever);
    CHECK(device.after(1h).empty());
    CHECK(device.on(event::Reload{with(policy)}).empty());
    CHECK(device.on(event::Restart{"its configuration changed"}) == Words{"starting", "spawn 2"});
  }
}

TEST_CASE("a refused hello parks the device, or has it try again") {
  Supervised device;
  device.on(event::Start{});
  device.on(event::Spawned{77});
  CHECK(device.on(event::HelloRefused{"speaks version 9", true}) ==
        Words{"SIGKILL", "stopping: speaks version 9"});
  CHECK(device.on(Supervised::killed(SIGKILL)) ==
        Words{"disconnect", "died: speaks version 9", "failed: speaks version 9"});

  Supervised other;
  other.on(event::Start{});
  other.on(event::Spawned{77});
  other.on(event::HelloRefused{"not now", false});
  other.on(Supervised::killed(SIGKILL));
  CHECK(other.supervisor.state() == RunState::backoff);
}

TEST_CASE("a violation kills at once and its reason outlives the signal") {
  Supervised device;
  device.run();
  CHECK(device.on(event::Violation{"bad magic"}) == Words{"SIGKILL", "stopping: bad magic"});
  CHECK(device.on(event::Violation{"another"}).empty());
  CHECK(device.on(event::HelloAccepted{}).empty());
  CHECK(device.on(Supervised::killed(SIGKILL)) ==
        Words{"disconnect", "gap 1", "died: bad magic", "backoff: bad magic"});
}

TEST_CASE("a device that closes its stream but lives on is killed") {
  Supervised device;
  device.run();
  CHECK(device.on(event::StreamClosed{}).empty());
  CHECK(device.after(kStreamlessTimeMax) ==
        Words{"SIGKILL", "stopping: it closed its stream but lived on"});
}

TEST_CASE("a closed stream is no reason when the exit follows") {
  Supervised device;
  device.run();
  device.on(event::StreamClosed{});
  device.after(1ms, Supervised::exited(4));
  CHECK(device.supervisor.reason() == "exit status 4");
}

TEST_CASE("a device that ends well but in the middle of a frame has not finished") {
  Supervised device;
  device.run();
  device.on(event::StreamClosed{.torn = true});
  device.after(1ms, Supervised::exited(0));
  CHECK(device.supervisor.state() == RunState::backoff);
  CHECK(device.supervisor.reason() == "it ended in the middle of a frame");
}

TEST_CASE("half a frame is no reason for a device that was killed") {
  Supervised device;
  device.run();
  device.on(event::StreamClosed{.torn = true});
  device.after(1ms, Supervised::killed(SIGSEGV));
  CHECK(device.supervisor.reason() == "killed by SIGSEGV");
}

TEST_CASE("missed pings degrade, an answer mends") {
  Supervised device;
  device.on(event::Start{});
  device.on(event::Spawned{77});
  device.on(event::HelloAccepted{});
  device.on(event::Started{});
  device.on(event::Tick{});
  CHECK(device.after(1050ms) == Words{"ping", "degraded: it does not answer pings"});
  device.supervisor.heard();
  CHECK(device.after(1050ms) == Words{"ping", "running"});
}

TEST_CASE("a hung ordinary device gets SIGABRT and two seconds later SIGKILL") {
  Supervised device;
  device.on(event::Start{});
  device.on(event::Spawned{77});
  device.on(event::HelloAccepted{});
  for (int i = 0; i < 3; ++i) device.after(1050ms);
  CHECK(device.after(1050ms) == Words{"SIGABRT", "stopping: no sign of life in 3 s"});
  CHECK(device.after(1999ms).empty());
  CHECK(device.after(1ms) == Words{"SIGKILL"});
  device.on(Supervised::killed(SIGKILL));
  CHECK(device.supervisor.reason() == "no sign of life in 3 s");
}

TEST_CASE("a hung device on an input path is killed within 0.7 s while it holds input") {
  SupervisorSpec spec;
  spec.health.input_path = true;
  Supervised device(spec);
  device.run();
  device.on(event::InputHeld{true});
  const TimePoint from = device.now;
  Words said;
  while (device.supervisor.state() != RunState::stopping) {
    device.now = device.supervisor.deadline();
    said = device.on(event::Tick{});
  }
  CHECK(said == Words{"SIGKILL", "stopping: no sign of life in 600 ms"});
  CHECK(device.now - from <= 850ms);
}

TEST_CASE("a stopped process degrades, and going on mends") {
  Supervised device;
  device.run();
  CHECK(device.on(event::ProcessStopped{}) ==
        Words{"degraded: its process is stopped by a signal"});
  CHECK(device.on(event::ProcessContinued{}) == Words{"running"});
}

TEST_CASE("a device that says what is wrong with it is degraded until it is well") {
  Supervised device;
  device.on(event::Start{});
  device.on(event::Troubled{"too early"});
  device.on(event::Spawned{77});
  device.on(event::HelloAccepted{});
  CHECK(device.on(event::Troubled{"no screen"}).empty());
  CHECK(device.on(event::Started{}) == Words{"running", "degraded: no screen"});
  CHECK(device.on(event::Troubled{"no screen"}).empty());
  CHECK(device.on(event::Troubled{"no\nmonitor"}) == Words{"degraded: no monitor"});
  CHECK(device.on(event::ProcessStopped{}) ==
        Words{"degraded: its process is stopped by a signal"});
  CHECK(device.on(event::ProcessContinued{}) == Words{"degraded: no monitor"});
  CHECK(device.on(event::Troubled{}) == Words{"running"});
  device.on(event::Troubled{std::string(1000, 'x')});
  CHECK(device.supervisor.reason().size() == kTroubleBytesMax);
}

TEST_CASE("the trouble of a device ends with its process") {
  Supervised device;
  device.run();
  device.on(event::Troubled{"no screen"});
  device.on(event::Restart{"asked"});
  device.on(event::StoppedFrame{});
  device.on(event::Exited{});
  device.on(event::Spawned{78});
  device.on(event::HelloAccepted{});
  CHECK(device.on(event::Started{}) == Words{"running"});
}

TEST_CASE("a stopped process that holds input is killed after 300 ms") {
  Supervised device;
  device.run();
  device.on(event::InputHeld{true});
  device.on(event::ProcessStopped{});
  CHECK(device.after(299ms).empty());
  CHECK(device.after(1ms) ==
        Words{"SIGKILL", "stopping: its process was stopped by a signal while it held input"});
}

TEST_CASE("a restart by hand does not wait for the backoff") {
  Supervised device;
  device.run();
  device.on(Supervised::killed(SIGSEGV));
  CHECK(device.on(event::Restart{"by hand"}) == Words{"starting", "spawn 2"});
}

TEST_CASE("a start in backoff is immediate and clears the record") {
  Supervised device;
  device.on(event::Start{});
  for (int i = 0; i < 5; ++i) {
    device.on(event::SpawnFailed{"no"});
    device.now = device.supervisor.next_start();
    device.on(event::Tick{});
  }
  device.on(event::SpawnFailed{"no"});
  CHECK(device.on(event::Start{}) == Words{"starting", "spawn 7"});
  device.on(event::SpawnFailed{"no"});
  CHECK(device.supervisor.next_start() - device.now == 250ms);
}
