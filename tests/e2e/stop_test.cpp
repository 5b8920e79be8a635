#include "tests/e2e/desk.hpp"
#include "tests/e2e/sink_file.hpp"
#include "tests/support/seed.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <fstream>
#include <random>
#include <string>
#include <thread>

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

TEST_CASE("A sink that stands still lets go when the kernel is stopped") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() +
             "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}, health: off}\n"
             "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n");
  keyboard.down("KEY_LEFTCTRL");
  keyboard.down("KEY_A");
  REQUIRE(eventually(kPatience, [&] { return typed.down().size() == 2; }));
  desk.kill("typed", SIGSTOP);
  desk.wait_state("typed", "degraded");

  desk.kernel().signal(SIGTERM);
  CHECK(desk.exit_status(kStopMax) == 0);
  CHECK(typed.has({}));
}

TEST_CASE("A stopped sink lets go, and presses modifiers again when it is started") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() +
             "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
             "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n");
  keyboard.down("KEY_LEFTCTRL");
  keyboard.down("KEY_A");
  REQUIRE(eventually(kPatience, [&] { return typed.down().size() == 2; }));
  desk.ctl("device typed stop");
  CHECK(eventually(kStuckMax, [&] { return typed.has({}); }));
  desk.wait_state("typed", "stopped");
  desk.ctl("device typed start");
  CHECK(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
}

TEST_CASE("A source that finishes with a key down leaves none down") {
  Desk desk;
  std::ofstream(desk.path("keys.jsonl")) << R"({"t":0,"key":"KEY_LEFTCTRL","down":true})"
                                         << "\n";
  SinkFile typed(desk.path("typed.jsonl"));
  desk.write(
      "devices:\n"
      "  keyboard: {type: dummy-keyboard-source, config: {file: keys.jsonl, mode: once}}\n"
      "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
      "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n",
      ", exit_when: finished");
  const Finished run =
      run_program("timeout 20 " DKVM_BIN_DIR "/dkvm-kernel --config " + desk.config());
  INFO(run.output);
  CHECK(run.status == 0);
  CHECK(typed.count("KEY_LEFTCTRL", true) == 1);
  CHECK(typed.has({}));
}

TEST_CASE("A kernel killed at any instant of its start leaves no process behind") {
  constexpr int kKills = 15;
  const std::uint32_t seed = seed_of_the_run();
  INFO(again_with(seed));
  std::mt19937 random(seed);
  Desk desk;
  const Source keyboard(desk, "keyboard");
  desk.write("devices:\n" + keyboard.yaml() +
             "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
             "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n");
  for (int kill = 0; kill < kKills; ++kill) {
    ChildSetup setup;
    setup.command = {DKVM_BIN_DIR "/dkvm-kernel", "--config", desk.config()};
    setup.err = desk.path("kernel.log");
    {
      const Child kernel(setup);
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 40'000));
    }  // killed
    INFO("kill " << kill << "\n" << desk.log());
    CHECK(eventually(kStuckMax, [] { return reap_orphans() == 0; }));
  }
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
