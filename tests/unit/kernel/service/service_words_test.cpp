#include "kernel/service/service_words.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <vector>

using namespace dkvm;
using namespace std::chrono_literals;

namespace {

DeviceSnapshot device(std::string name, RunState state, std::string reason = {}) {
  DeviceSnapshot snapshot;
  snapshot.name = std::move(name);
  snapshot.state = state;
  snapshot.reason = std::move(reason);
  snapshot.wanted = state != RunState::stopped;
  return snapshot;
}

DeviceSnapshot again(DeviceSnapshot snapshot) {
  ++snapshot.restarts;
  return snapshot;
}

using Devices = std::vector<DeviceSnapshot>;

}  // namespace

TEST_CASE("all have begun when each that is wanted has been started once, however that went") {
  CHECK(all_begun(Devices{}));
  CHECK(all_begun(Devices{device("a", RunState::running), device("b", RunState::failed),
                          device("c", RunState::backoff), device("d", RunState::finished)}));
  CHECK_FALSE(all_begun(Devices{device("a", RunState::running), device("b", RunState::starting)}));
  // One that dies again and again holds nobody up.
  CHECK(all_begun(Devices{again(device("a", RunState::starting))}));
  CHECK(all_begun(Devices{device("off", RunState::stopped)}));
  DeviceSnapshot held_back = device("a", RunState::stopped);
  held_back.wanted = true;
  CHECK_FALSE(all_begun(Devices{held_back}));
}

TEST_CASE("the status counts those that run, and names those in trouble with the reason") {
  CHECK(status_line(Devices{}, "") == "0 devices run");
  CHECK(status_line(Devices{device("a", RunState::running)}, "") == "1 device runs");
  CHECK(status_line(Devices{device("a", RunState::running), device("off", RunState::stopped),
                            device("done", RunState::finished)},
                    "") == "1 device runs");
  CHECK(status_line(Devices{device("a", RunState::running),
                            device("pedal", RunState::backoff, "exit status 3 before hello"),
                            device("b", RunState::failed)},
                    "") ==
        "1 of 3 devices run; in trouble: pedal (backoff: exit status 3 before hello), b (failed)");
  CHECK(status_line(Devices{device("a", RunState::running)},
                    "kvm.yaml:5:14: 'restart' is 'nver'\nkvm.yaml:6:1: more") ==
        "1 device runs; the last reload failed: kvm.yaml:5:14: 'restart' is 'nver'");
}

TEST_CASE("what a device says cannot add lines to what the manager is told") {
  const std::string line =
      status_line(Devices{device("liar", RunState::failed, "x\nMAINPID=1\nREADY=1")}, "");
  CHECK(line.find('\n') == std::string::npos);
  CHECK(line.find("x\\x0aMAINPID=1") != std::string::npos);
}

TEST_CASE("the status is cut between characters, and says that it was") {
  std::string reason;
  for (int i = 0; i < 60; ++i) reason += "ü";
  Devices many;
  for (int i = 0; i < 40; ++i)
    many.push_back(device("device-" + std::to_string(i), RunState::failed, reason));
  const std::string line = status_line(many, "");
  CHECK(line.size() <= kStatusBytesMax);
  CHECK(line.size() > kStatusBytesMax - 8);
  CHECK(line.ends_with("…"));
  CHECK(line.find("\xC3…") == std::string::npos);  // half a character
  CHECK(line.find("device-1 ") != std::string::npos);
}

TEST_CASE("signs of life come twice in the time that the manager waits") {
  CHECK(watchdog_interval("10000000", "42", 42) == 5s);
  CHECK(watchdog_interval("10000000", nullptr, 42) == 5s);
  CHECK_FALSE(watchdog_interval("10000000", "41", 42));  // another process is watched
  CHECK_FALSE(watchdog_interval(nullptr, nullptr, 42));
  for (const char* wrong : {"", "0", "-5", "10s", "99999999999999999999"}) {
    INFO(wrong);
    CHECK_FALSE(watchdog_interval(wrong, nullptr, 42));
  }
}
