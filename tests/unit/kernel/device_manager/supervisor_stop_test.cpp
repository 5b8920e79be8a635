#include <catch2/catch.hpp>

#include <csignal>

#include "tests/unit/kernel/device_manager/supervised.hpp"

using namespace dkvm;
using namespace dkvm::test;
using namespace std::chrono_literals;

TEST_CASE("a stop is asked for, then signalled, then forced") {
  Supervised device;
  device.run();
  CHECK(device.on(event::Stop{"by hand", device.now}) ==
        Words{"stopping: by hand", "stop frame, 1500 ms left"});
  const TimePoint asked = device.now;
  std::vector<std::pair<Duration, std::string>> signals;
  while (device.supervisor.deadline() <= asked + 3s) {
    device.now = device.supervisor.deadline();
    device.supervisor.heard();
    for (const std::string& word : device.on(event::Tick{}))
      if (word.starts_with("SIG")) signals.emplace_back(device.now - asked, word);
  }
  CHECK(signals ==
        std::vector<std::pair<Duration, std::string>>{{1500ms, "SIGTERM"}, {2500ms, "SIGKILL"}});
  CHECK(device.on(Supervised::killed(SIGKILL)) ==
        Words{"disconnect", "gap 1", "died: did not stop by itself: killed by SIGKILL",
              "stopped: by hand, badly: did not stop by itself: killed by SIGKILL"});
}

TEST_CASE("a device that says goodbye stops cleanly") {
  Supervised device;
  device.run();
  device.on(event::Stop{"by hand", device.now});
  CHECK(device.on(event::StoppedFrame{}).empty());
  CHECK(device.on(Supervised::exited(0)) == Words{"disconnect", "stopped: by hand"});
  CHECK(device.supervisor.deadline() == kNever);
}

TEST_CASE("a device that stops with an error is stopped, and its error is told") {
  Supervised device;
  device.run();
  device.on(event::Stop{"by hand", device.now});
  device.on(event::StoppedFrame{});
  CHECK(device.on(Supervised::exited(1, "the disk is full")) ==
        Words{"disconnect", "gap 1", "died: exit status 1 after its goodbye: the disk is full",
              "stopped: by hand, badly: exit status 1 after its goodbye: the disk is full"});
}

TEST_CASE("before hello a stop is SIGTERM at once and its death is no news") {
  Supervised device;
  device.on(event::Start{});
  device.on(event::Spawned{77});
  CHECK(device.on(event::Stop{"by hand", device.now}) == Words{"stopping: by hand", "SIGTERM"});
  CHECK(device.on(Supervised::killed(SIGTERM)) == Words{"disconnect", "stopped: by hand"});
}

TEST_CASE("a stop while the process is being made is not lost") {
  Supervised device;
  device.on(event::Start{});
  CHECK(device.on(event::Stop{"by hand", device.now}) == Words{"stopping: by hand"});
  CHECK(device.on(event::Spawned{77}) == Words{"stopping: by hand", "SIGTERM"});
  device.on(Supervised::killed(SIGTERM));
  CHECK(device.supervisor.state() == RunState::stopped);

  Supervised other;
  other.on(event::Start{});
  other.on(event::Stop{"by hand", other.now});
  other.on(event::SpawnFailed{"no processes left"});
  CHECK(other.supervisor.state() == RunState::stopped);
}

TEST_CASE("a violation while the process is being made kills it when it is there") {
  Supervised device;
  device.on(event::Start{});
  CHECK(device.on(event::Violation{"bad"}) == Words{"stopping: bad"});
  CHECK(device.on(event::Spawned{77}) == Words{"stopping: bad", "SIGKILL"});
}

TEST_CASE("a stop in backoff, finished or failed is immediate") {
  Supervised device;
  device.run();
  device.on(Supervised::exited(1));
  CHECK(device.on(event::Stop{"by hand", device.now}) == Words{"stopped: by hand"});
  CHECK(device.supervisor.deadline() == kNever);
  CHECK(device.on(event::Stop{"again", device.now}).empty());
}

TEST_CASE("the timetable counts from the common request, whenever the turn comes") {
  Supervised device;
  device.run();
  const TimePoint requested = device.now;
  CHECK(device.on(event::Stop{"kernel stops", requested, false}) ==
        Words{"stopping: kernel stops"});
  device.live(900ms);
  CHECK(device.on(event::StopTurn{}) == Words{"stop frame, 600 ms left"});
  CHECK(device.on(event::StopTurn{}).empty());
  device.live(600ms);
  CHECK(device.supervisor.deadline() <= requested + kStopKillAfter);
}

TEST_CASE("a device whose turn never comes still gets its stop frame before SIGTERM") {
  Supervised device;
  device.run();
  device.on(event::Stop{"kernel stops", device.now, false});
  const Words said = device.after(1500ms);
  REQUIRE(said.size() >= 2);
  CHECK(said[0] == "stop frame, 0 ms left");
  CHECK(said[1] == "SIGTERM");
}

TEST_CASE("while it waits for its turn, a device that dies is not started again") {
  Supervised device;
  device.run();
  device.on(event::Stop{"kernel stops", device.now, false});
  device.on(Supervised::killed(SIGSEGV));
  CHECK(device.supervisor.state() == RunState::stopped);
  CHECK(device.on(event::StopTurn{}).empty());
}

TEST_CASE("a device that hangs while it stops and holds input is not given the whole timetable") {
  SupervisorSpec spec;
  spec.health.input_path = true;
  Supervised device(spec);
  device.run();
  device.on(event::InputHeld{true});
  device.on(event::Stop{"by hand", device.now});
  const TimePoint asked = device.now;
  Words said;
  while (std::find(said.begin(), said.end(), "SIGKILL") == said.end()) {
    device.now = device.supervisor.deadline();
    said = device.on(event::Tick{});
  }
  CHECK(device.now - asked <= 850ms);
}

TEST_CASE("a restart stops the device and starts it without delay") {
  Supervised device;
  device.run();
  CHECK(device.on(event::Restart{"new config"}) ==
        Words{"stopping: new config", "stop frame, 1500 ms left"});
  device.on(event::StoppedFrame{});
  CHECK(device.on(Supervised::exited(0)) == Words{"disconnect", "starting", "spawn 2"});
}

TEST_CASE("the last of several requests counts") {
  Supervised device;
  device.run();
  device.on(event::Stop{"by hand", device.now});
  device.on(event::Start{});
  device.on(Supervised::exited(0));
  CHECK(device.supervisor.state() == RunState::starting);

  Supervised other;
  other.run();
  other.on(event::Restart{"new config"});
  other.on(event::Stop{"by hand", other.now});
  other.on(Supervised::exited(0));
  CHECK(other.supervisor.state() == RunState::stopped);
}

TEST_CASE("a later request never puts the end off") {
  Supervised device;
  device.run();
  const TimePoint requested = device.now;
  device.on(event::Stop{"one", requested});
  device.live(1s);
  device.on(event::Stop{"two", device.now});
  CHECK(device.supervisor.deadline() <= requested + kStopTermAfter);
}

TEST_CASE("a source that says goodbye but does not exit is ended on the same timetable") {
  Supervised device;
  device.run();
  CHECK(device.on(event::StoppedFrame{}) == Words{"stopping: it has said goodbye"});
  CHECK(device.after(1500ms) == Words{"SIGTERM"});
  CHECK(device.after(1000ms) == Words{"SIGKILL"});
  device.on(Supervised::killed(SIGKILL));
  CHECK(device.supervisor.reason() == "it said goodbye but did not exit");
  CHECK(device.supervisor.state() == RunState::backoff);
}

TEST_CASE("a parked device stays parked when it is stopped and its reason is the request") {
  Supervised device;
  device.on(event::Start{});
  device.on(event::Spawned{77});
  device.on(Supervised::exited(125));
  CHECK(device.on(event::Stop{"by hand", device.now}) == Words{"stopped: by hand"});
  CHECK(device.on(event::Reload{}).empty());
}
