#include "tests/e2e/desk.hpp"
#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <string>
#include <vector>

// A process is stopped, and neither runs nor is dead.
using namespace dkvm::test;

namespace {

const std::string kTyped = "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n";
const std::string kTyping = "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n";

}  // namespace

TEST_CASE("What a stopped source holds is released, and the source is started anew") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml(", restart: {initial: 50ms}") + kTyped + kTyping);
  keyboard.down("KEY_LEFTCTRL");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
  const pid_t before = desk.pid("keyboard");

  ::kill(before, SIGSTOP);
  CHECK(eventually(kStuckMax, [&] { return typed.has({}); }));
  desk.wait_restarted("keyboard", before);
  const Json deaths = desk.ctl("deaths keyboard").at("deaths");
  REQUIRE(deaths.size() == 1);
  CHECK(deaths[0].at("reason") == "its process was stopped by a signal while it held input");
}

TEST_CASE("A stopped source that holds nothing is left alone") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() + kTyped + kTyping);
  const pid_t before = desk.pid("keyboard");
  ::kill(before, SIGSTOP);
  desk.wait_state("keyboard", "degraded");
  ::kill(before, SIGCONT);
  desk.wait_state("keyboard", "running");
  keyboard.tap("KEY_A");
  CHECK(eventually(kPatience, [&] { return typed.count("KEY_A", false) == 1; }));
  CHECK(desk.pid("keyboard") == before);
}

TEST_CASE("What a stopped sink holds is released, and pressed again by its successor") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() +
             "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}, restart: {initial: "
             "50ms}}\n" +
             kTyping);
  keyboard.down("KEY_LEFTCTRL");
  keyboard.down("KEY_A");
  REQUIRE(eventually(kPatience, [&] { return typed.down().size() == 2; }));
  const pid_t before = desk.pid("typed");

  ::kill(before, SIGSTOP);
  CHECK(eventually(kStuckMax, [&] { return typed.count("KEY_A", false) == 1; }));
  CHECK(eventually(kStuckMax, [&] { return typed.count("KEY_LEFTCTRL", false) == 1; }));
  desk.wait_restarted("typed", before);
  CHECK(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
}

TEST_CASE("Sinks let go by themselves of what a stopped kernel holds") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  SinkFile moved(desk.path("moved.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() + kTyped +
             "  moved: {type: dummy-mouse-sink, config: {file: moved.jsonl}}\n" + kTyping +
             "  - {name: pointing, from: keyboard/mouse, to: moved}\n");
  keyboard.down("KEY_LEFTCTRL");
  keyboard.down("KEY_A");
  keyboard.down("BTN_LEFT");
  REQUIRE(
      eventually(kPatience, [&] { return typed.down().size() == 2 && moved.down().size() == 1; }));
  const std::vector<pid_t> before = desk.pids();

  desk.kernel().signal(SIGSTOP);
  CHECK(eventually(kStuckMax, [&] { return typed.has({}) && moved.has({}); }));
  keyboard.up("KEY_A");  // waits at the kernel's door
  typed.mark();
  desk.kernel().signal(SIGCONT);

  CHECK(eventually(kStuckMax, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
  keyboard.down("KEY_C");
  CHECK(eventually(kPatience, [&] { return typed.has({"KEY_C", "KEY_LEFTCTRL"}); }));
  keyboard.up("KEY_C");
  keyboard.up("KEY_LEFTCTRL");
  keyboard.up("BTN_LEFT");
  CHECK(eventually(kPatience, [&] { return typed.has({}) && moved.has({}); }));
  CHECK(typed.count("KEY_A", true) == 0);
  CHECK(moved.count("BTN_LEFT", true) == 1);
  CHECK(desk.pids() == before);
  CHECK(desk.log().find("the kernel is silent") != std::string::npos);
}

TEST_CASE("What a source held that died while the kernel was stopped is not pressed again") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  const Source second(desk, "second");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start(
      "devices:\n" + keyboard.yaml(", restart: never") + second.yaml() + kTyped +
      "pipelines:\n  - {name: typing, from: [keyboard/keyboard, second/keyboard], to: typed}\n");
  keyboard.down("KEY_LEFTCTRL");
  second.down("KEY_LEFTSHIFT");
  REQUIRE(eventually(kPatience, [&] { return typed.down().size() == 2; }));
  const pid_t source = desk.pid("keyboard");

  desk.kernel().signal(SIGSTOP);
  CHECK(eventually(kStuckMax, [&] { return typed.has({}); }));
  ::kill(source, SIGKILL);
  desk.kernel().signal(SIGCONT);
  CHECK(eventually(kStuckMax, [&] { return typed.has({"KEY_LEFTSHIFT"}); }));
  desk.wait_state("keyboard", "failed");
  second.tap("KEY_C");
  REQUIRE(eventually(kPatience, [&] { return typed.count("KEY_C", false) == 1; }));
  CHECK(typed.has({"KEY_LEFTSHIFT"}));
}

TEST_CASE("Sinks that were stopped when their kernel was killed let go at once") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  SinkFile moved(desk.path("moved.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() + kTyped +
             "  moved: {type: dummy-mouse-sink, config: {file: moved.jsonl}}\n" + kTyping +
             "  - {name: pointing, from: keyboard/mouse, to: moved}\n");
  keyboard.down("KEY_LEFTCTRL");
  keyboard.down("BTN_LEFT");
  REQUIRE(eventually(kPatience,
                     [&] { return typed.has({"KEY_LEFTCTRL"}) && moved.has({"BTN_LEFT"}); }));
  const std::vector<pid_t> sinks = {desk.pid("typed"), desk.pid("moved")};

  for (const pid_t sink : sinks) ::kill(sink, SIGSTOP);
  REQUIRE(eventually(kPatience, [&] { return is_stopped(sinks[0]) && is_stopped(sinks[1]); }));
  desk.kernel().signal(SIGKILL);
  CHECK(eventually(kStuckMax, [&] {
    return typed.has({}) && moved.has({}) && is_gone(sinks[0]) && is_gone(sinks[1]);
  }));
}
