#include "kernel/service/service_report.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace dkvm;

namespace {

// A manager that keeps what it is told, while it has room.
struct Manager {
  bool room = true;
  std::vector<std::string> told;
  ServiceReport report{[this](std::string_view message) {
    if (room) told.emplace_back(message);
    return room;
  }};

  std::vector<std::string> news() { return std::exchange(told, {}); }
};

std::vector<DeviceSnapshot> one(RunState state) {
  DeviceSnapshot device;
  device.name = "a";
  device.state = state;
  device.wanted = true;
  return {device};
}

using Told = std::vector<std::string>;

}  // namespace

TEST_CASE("a kernel is ready once, when its devices have been started") {
  Manager manager;
  manager.report.devices(one(RunState::starting));
  CHECK(manager.news() == Told{"STATUS=0 of 1 device run"});
  manager.report.devices(one(RunState::running));
  CHECK(manager.news() == Told{"READY=1", "STATUS=1 device runs"});
  manager.report.devices(one(RunState::running));
  CHECK(manager.news().empty());
  manager.report.devices(one(RunState::failed));
  CHECK(manager.news() == Told{"STATUS=0 of 1 device run; in trouble: a (failed)"});
}

TEST_CASE("a reload is told when it begins and when it is over, and why it failed until the next") {
  Manager manager;
  manager.report.devices(one(RunState::running));
  manager.news();
  manager.report.reloading(17);
  CHECK(manager.news() == Told{"RELOADING=1\nMONOTONIC_USEC=17"});
  manager.report.reloaded("kvm.yaml:1:1: no");
  manager.report.devices(one(RunState::running));
  CHECK(manager.news() ==
        Told{"READY=1", "STATUS=1 device runs; the last reload failed: kvm.yaml:1:1: no"});
  manager.report.reloading(18);
  manager.report.reloaded("");
  manager.report.devices(one(RunState::running));
  CHECK(manager.news() ==
        Told{"RELOADING=1\nMONOTONIC_USEC=18", "READY=1", "STATUS=1 device runs"});
}

TEST_CASE("a reload before the kernel is ready only puts that off") {
  Manager manager;
  manager.report.reloading(1);
  manager.report.devices(one(RunState::running));
  CHECK(manager.news() == Told{"STATUS=1 device runs"});
  manager.report.reloaded("");
  CHECK(manager.news() == Told{"READY=1"});
}

TEST_CASE("after the stop nothing more is said, and work that was over at once was ready too") {
  Manager manager;
  manager.report.stopping();
  CHECK(manager.news() == Told{"READY=1", "STOPPING=1", "STATUS=stopping"});
  manager.report.devices(one(RunState::running));
  manager.report.reloaded("");
  manager.report.stopping();
  CHECK(manager.news().empty());
}

TEST_CASE("a manager without room is owed the latest state and status, and nothing else") {
  Manager manager;
  manager.room = false;
  manager.report.devices(one(RunState::starting));
  manager.report.devices(one(RunState::running));
  manager.report.alive();
  manager.report.reloading(3);
  manager.report.reloaded("");
  CHECK_FALSE(manager.report.flush());
  manager.room = true;
  CHECK(manager.report.flush());
  CHECK(manager.news() == Told{"READY=1", "STATUS=1 device runs"});
  CHECK(manager.report.flush());
  CHECK(manager.news().empty());
}
