#include "tests/e2e/desk.hpp"
#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <set>
#include <string>

// Something dies while keys are held.
using namespace dkvm::test;

namespace {

const std::string kTyped = "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n";
const std::string kMoved = "  moved: {type: dummy-mouse-sink, config: {file: moved.jsonl}}\n";
const std::string kTyping = "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n";
// A restart that does not keep the tests waiting.
const std::string kSoon = ", restart: {initial: 50ms, factor: 1}";

}  // namespace

TEST_CASE("What a killed source held is released, and it can press again") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml(kSoon) + kTyped + kTyping);
  keyboard.down("KEY_LEFTCTRL");
  keyboard.down("KEY_A");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_A", "KEY_LEFTCTRL"}); }));
  const pid_t sink = desk.pid("typed");
  const pid_t before = desk.pid("keyboard");

  ::kill(before, SIGKILL);
  CHECK(eventually(kStuckMax, [&] { return typed.has({}); }));

  desk.wait_restarted("keyboard", before);
  keyboard.down("KEY_LEFTCTRL");
  CHECK(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
  keyboard.up("KEY_LEFTCTRL");
  CHECK(eventually(kPatience, [&] { return typed.has({}); }));
  CHECK(desk.pid("typed") == sink);
}

TEST_CASE("A button that a killed source held is released") {
  Desk desk;
  const Source mouse(desk, "mouse");
  SinkFile moved(desk.path("moved.jsonl"));
  desk.start("devices:\n" + mouse.yaml(kSoon) + kMoved +
             "pipelines:\n  - {name: pointing, from: mouse/mouse, to: moved}\n");
  mouse.tell("move 3 4");
  mouse.down("BTN_LEFT");
  REQUIRE(eventually(kPatience, [&] { return moved.has({"BTN_LEFT"}); }));

  desk.kill("mouse", SIGKILL);
  CHECK(eventually(kStuckMax, [&] { return moved.has({}); }));
}

TEST_CASE("Ctrl of two keyboards stays down until the second lets go too") {
  Desk desk;
  const Source one(desk, "one");
  const Source two(desk, "two");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + one.yaml(", restart: never") + two.yaml() + kTyped +
             "pipelines:\n  - {name: typing, from: [one/keyboard, two/keyboard], to: typed}\n");
  one.down("KEY_LEFTCTRL");
  one.down("KEY_A");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_A", "KEY_LEFTCTRL"}); }));
  two.down("KEY_LEFTCTRL");
  two.down("KEY_B");
  REQUIRE(eventually(kPatience, [&] { return typed.down().contains("KEY_B"); }));

  desk.kill("one", SIGKILL);
  CHECK(eventually(kStuckMax, [&] { return typed.has({"KEY_B", "KEY_LEFTCTRL"}); }));
  two.up("KEY_B");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
  CHECK(typed.count("KEY_LEFTCTRL", false) == 0);

  two.up("KEY_LEFTCTRL");
  CHECK(eventually(kPatience, [&] { return typed.has({}); }));
  CHECK(typed.count("KEY_LEFTCTRL", true) == 1);
}

TEST_CASE("A killed sink's keys are released, and modifiers still held are pressed again") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() +
             "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}" + kSoon + "}\n" +
             kTyping);
  keyboard.down("KEY_LEFTCTRL");
  keyboard.down("KEY_A");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_A", "KEY_LEFTCTRL"}); }));
  const pid_t before = desk.pid("typed");
  typed.mark();

  ::kill(before, SIGKILL);
  CHECK(eventually(kStuckMax, [&] { return typed.count("KEY_LEFTCTRL", false) == 1; }));
  CHECK(eventually(kStuckMax, [&] { return typed.count("KEY_A", false) == 1; }));
  CHECK(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));

  desk.wait_restarted("typed", before);
  keyboard.up("KEY_A");  // nothing that the new sink knows of
  keyboard.down("KEY_C");
  CHECK(eventually(kPatience, [&] { return typed.has({"KEY_C", "KEY_LEFTCTRL"}); }));
  keyboard.up("KEY_C");
  keyboard.up("KEY_LEFTCTRL");
  CHECK(eventually(kPatience, [&] { return typed.has({}); }));
  CHECK(typed.count("KEY_A", true) == 0);
  CHECK(typed.count("KEY_A", false) == 1);
}

TEST_CASE("A killed sink that has arguments is cleaned up behind them") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() +
             "  typed: {type: dummy-keyboard-sink, args: [--desk, left], config: {file: "
             "typed.jsonl}, restart: never}\n" +
             kTyping);
  keyboard.down("KEY_LEFTCTRL");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));

  desk.kill("typed", SIGKILL);
  CHECK(eventually(kStuckMax, [&] { return typed.has({}); }));
  CHECK(desk.log().find("cleanup failed") == std::string::npos);
}

TEST_CASE("A killed sink that never said what it is but in its hello is cleaned up behind") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  const std::string program = desk.path("sink");
  std::ofstream(program) << "#!/bin/sh\n[ \"$1\" = --describe ] && exit 1\n"
                            "exec " DKVM_BIN_DIR "/dkvm-dummy-keyboard-sink \"$@\"\n";
  REQUIRE(::chmod(program.c_str(), 0755) == 0);
  desk.start("devices:\n" + keyboard.yaml() + "  typed: {exec: [./sink], config: {file: " +
             desk.path("typed.jsonl") + "}, restart: never}\n" + kTyping);
  keyboard.down("KEY_LEFTCTRL");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));

  desk.kill("typed", SIGKILL);
  CHECK(eventually(kStuckMax, [&] { return typed.has({}); }));
}

TEST_CASE("What was let go while the sink was away is not pressed again") {
  Desk desk;
  const Source one(desk, "one");
  const Source two(desk, "two");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + one.yaml(", restart: never") + two.yaml() +
             "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}, restart: never}\n" +
             "pipelines:\n  - {name: typing, from: [one/keyboard, two/keyboard], to: typed}\n");
  one.down("KEY_LEFTCTRL");
  two.down("KEY_LEFTSHIFT");
  two.down("KEY_LEFTALT");
  REQUIRE(eventually(kPatience, [&] { return typed.down().size() == 3; }));

  desk.kill("typed", SIGKILL);
  REQUIRE(eventually(kStuckMax, [&] { return typed.has({}); }));
  desk.wait_state("typed", "failed");
  desk.kill("one", SIGKILL);
  desk.wait_state("one", "failed");
  two.up("KEY_LEFTALT");
  two.tell("log alt is up");  // in order behind it
  REQUIRE(eventually(kPatience, [&] { return desk.log().find("alt is up") != std::string::npos; }));

  typed.mark();
  desk.ctl("device typed start");
  CHECK(eventually(kPatience, [&] { return typed.has({"KEY_LEFTSHIFT"}); }));
  two.tap("KEY_C");
  CHECK(eventually(kPatience, [&] { return typed.count("KEY_C", false) == 1; }));
  CHECK(typed.count("KEY_LEFTCTRL", true) == 0);
  CHECK(typed.count("KEY_LEFTALT", true) == 0);
}

TEST_CASE("A killed kernel leaves no key down and no device behind") {
  const bool busy = GENERATE(false, true);
  INFO((busy ? "in the middle of a stream" : "quiet"));
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  SinkFile moved(desk.path("moved.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() + kTyped + kMoved + kTyping +
             "  - {name: pointing, from: keyboard/mouse, to: moved}\n");
  keyboard.down("KEY_LEFTCTRL");
  keyboard.down("KEY_A");
  keyboard.down("BTN_LEFT");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_A", "KEY_LEFTCTRL"}); }));
  REQUIRE(eventually(kPatience, [&] { return moved.has({"BTN_LEFT"}); }));
  const std::vector<pid_t> devices = desk.pids();
  REQUIRE(devices.size() == 4);
  if (busy) {
    keyboard.tell("burst 1000000");
    REQUIRE(eventually(kPatience, [&] { return typed.count("KEY_B", false) > 100; }));
  }

  desk.kernel().signal(SIGKILL);
  CHECK(eventually(kStuckMax, [&] {
    for (const pid_t pid : devices)
      if (!is_gone(pid)) return false;
    return typed.has({}) && moved.has({});
  }));
}
