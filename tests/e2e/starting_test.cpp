#include "tests/e2e/desk.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <string>

// From a process to a device that is at work.
using namespace dkvm::test;

TEST_CASE("A device that cannot start never runs, and its reason has its last words") {
  Desk desk;
  desk.write(
      "devices:\n"
      "  keyboard: {type: dummy-keyboard-source, config: {file: missing.jsonl}, restart: {initial: "
      "50ms, max: 50ms}}\n");
  desk.launch(false);
  REQUIRE(eventually(kPatience,
                     [&] { return desk.device("keyboard").at("incarnation").get<int>() >= 3; }));
  const std::string log = desk.log();
  CHECK(log.find("device keyboard is running") == std::string::npos);
  CHECK(log.find("device keyboard is in backoff: exit status 1: cannot start: ") !=
        std::string::npos);
  const Json deaths = desk.call("devices.deaths", {{"name", "keyboard"}});
  const std::string reason = deaths.at("deaths").at(0).at("reason");
  CHECK(reason.find("missing.jsonl") != std::string::npos);
  CHECK(reason.find("No such file or directory") != std::string::npos);
}

TEST_CASE("A death has the last words of that life only") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  desk.start("devices:\n" + keyboard.yaml(", restart: {initial: 10ms, max: 20ms}"));
  keyboard.tell("log of the first life");
  REQUIRE(eventually(kPatience,
                     [&] { return desk.log().find("of the first life") != std::string::npos; }));
  const pid_t first = desk.pid("keyboard");
  desk.kill("keyboard", SIGKILL);
  desk.wait_restarted("keyboard", first);
  desk.kill("keyboard", SIGKILL);
  REQUIRE(eventually(kPatience, [&] {
    return desk.call("devices.deaths", {{"name", "keyboard"}}).at("deaths").size() == 2;
  }));
  const Json deaths = desk.call("devices.deaths", {{"name", "keyboard"}}).at("deaths");
  CHECK(deaths.at(0).at("log").dump().find("of the first life") != std::string::npos);
  CHECK(deaths.at(1).at("log").dump().find("of the first life") == std::string::npos);
}
