#include "tests/e2e/desk.hpp"
#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <string>

using namespace dkvm::test;

namespace {

// What dKVM promises: everything is down by then.
constexpr Seconds kStopMax{3};

bool all_gone(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids)
    if (!is_gone(pid)) return false;
  return true;
}

}  // namespace

TEST_CASE("A signal ends everything in 3 s, whatever the devices do") {
  const int signal = GENERATE(SIGTERM, SIGINT);
  INFO("signal " << signal);
  Desk desk;
  const Source stubborn(desk, "stubborn");
  const Source stopped(desk, "stopped");
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + stubborn.yaml("", ", stubborn: true") + stopped.yaml() +
             keyboard.yaml() +
             "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
             "pipelines:\n"
             "  - {name: typing, from: [keyboard/keyboard, stopped/keyboard], to: typed}\n");
  keyboard.down("KEY_LEFTCTRL");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
  const std::vector<pid_t> devices = desk.pids();
  desk.kill("stopped", SIGSTOP);
  desk.wait_state("stopped", "degraded");

  desk.kernel().signal(signal);
  const int status = desk.exit_status(kStopMax);
  CHECK(all_gone(devices));
  INFO(desk.log());
  CHECK(status == 0);
  CHECK(typed.has({}));
}

TEST_CASE("A desk of well-behaved devices is down long before anything is forced") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  desk.start("devices:\n" + keyboard.yaml() +
             "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
             "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n");
  desk.kernel().signal(SIGTERM);
  CHECK(desk.exit_status(kPatience) == 0);
  INFO(desk.log());
  CHECK(desk.log().find("did not stop by itself") == std::string::npos);
  CHECK(desk.log().find("killed by") == std::string::npos);
}
