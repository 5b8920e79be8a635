#include "tests/e2e/desk.hpp"
#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <string>

// The way from a held key to its sink changes.
using namespace dkvm::test;

namespace {

const std::string kTyped = "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n";

std::string remapping(const Source& keyboard, const std::string& to) {
  return "devices:\n" + keyboard.yaml() + kTyped +
         "pipelines:\n  - {name: typing, from: keyboard, to: typed, via: [{remap: {KEY_CAPSLOCK: " +
         to + "}}]}\n";
}

Json named(const std::string& pipeline) { return {{"name", pipeline}}; }

}  // namespace

TEST_CASE("A disabled pipeline lets go, and works again when it is enabled") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() + kTyped +
             "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n");
  keyboard.down("KEY_LEFTCTRL");
  keyboard.down("KEY_A");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_A", "KEY_LEFTCTRL"}); }));

  desk.call("pipelines.disable", named("typing"));
  CHECK(eventually(kStuckMax, [&] { return typed.has({}); }));

  // The modifier is still held, so it holds again; a letter would type.
  desk.call("pipelines.enable", named("typing"));
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
  keyboard.up("KEY_A");
  keyboard.up("KEY_LEFTCTRL");
  keyboard.tap("KEY_C");
  REQUIRE(eventually(kPatience, [&] { return typed.count("KEY_C", false) == 1; }));
  CHECK(typed.has({}));
  CHECK(typed.count("KEY_A", false) == 1);
}

TEST_CASE("A disabled pipeline does not let go of what another one holds too") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() + kTyped +
             "pipelines:\n"
             "  - {name: first, from: keyboard, to: typed}\n"
             "  - {name: second, from: keyboard, to: typed, via: [{filter: {allow: [KEY_LEFTCTRL, "
             "KEY_C]}}]}\n");
  keyboard.down("KEY_LEFTCTRL");
  keyboard.down("KEY_A");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_A", "KEY_LEFTCTRL"}); }));

  desk.call("pipelines.disable", named("first"));
  CHECK(eventually(kStuckMax, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
  keyboard.tap("KEY_C");
  REQUIRE(eventually(kPatience, [&] { return typed.count("KEY_C", false) == 1; }));
  CHECK(typed.count("KEY_LEFTCTRL", false) == 0);
  keyboard.up("KEY_LEFTCTRL");
  CHECK(eventually(kPatience, [&] { return typed.has({}); }));
}

TEST_CASE("A removed pipeline lets go") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() + kTyped +
             "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n");
  keyboard.down("KEY_LEFTCTRL");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
  desk.call("pipelines.remove", named("typing"));
  CHECK(eventually(kStuckMax, [&] { return typed.has({}); }));
}

TEST_CASE("A reloaded remap keeps what is held and releases it as what it became") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start(remapping(keyboard, "KEY_LEFTCTRL"));
  keyboard.down("KEY_CAPSLOCK");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
  const std::vector<pid_t> before = desk.pids();

  desk.write(remapping(keyboard, "KEY_LEFTALT"));
  desk.ctl("reload");
  CHECK(desk.pids() == before);
  keyboard.tap("KEY_C");
  REQUIRE(eventually(kPatience, [&] { return typed.count("KEY_C", false) == 1; }));
  CHECK(typed.has({"KEY_LEFTCTRL"}));
  CHECK(typed.count("KEY_LEFTCTRL", false) == 0);

  keyboard.up("KEY_CAPSLOCK");
  CHECK(eventually(kStuckMax, [&] { return typed.has({}); }));
  keyboard.down("KEY_CAPSLOCK");
  CHECK(eventually(kPatience, [&] { return typed.has({"KEY_LEFTALT"}); }));
}

TEST_CASE("After an overflow only modifiers that are still held are down") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() +
             "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}, health: off}\n"
             "pipelines:\n  - {name: typing, from: keyboard, to: typed, queue: {depth: 16}}\n");
  keyboard.down("KEY_LEFTCTRL");
  keyboard.down("KEY_LEFTSHIFT");
  keyboard.down("KEY_A");
  REQUIRE(eventually(kPatience, [&] { return typed.down().size() == 3; }));
  const pid_t sink = desk.pid("typed");

  REQUIRE(::kill(sink, SIGSTOP) == 0);
  keyboard.tell("burst 20000");
  keyboard.up("KEY_LEFTSHIFT");
  const auto edge = [&] { return desk.call("pipelines.stats", named("typing")).at("edges").at(0); };
  REQUIRE(eventually(kPatience, [&] { return edge().at("in") == 40'004; }));
  CHECK(edge().at("gaps") > 0);
  CHECK(edge().at("depth") <= 16 + 8);  // and the releases that it owes

  REQUIRE(::kill(sink, SIGCONT) == 0);
  // It has a socket's content to write first: until it does, nothing is promised.
  CHECK(eventually(kPatience,
                   [&] { return typed.has({"KEY_LEFTCTRL"}) && edge().at("depth") == 0; }));
  keyboard.tap("KEY_C");
  REQUIRE(eventually(kPatience, [&] { return typed.count("KEY_C", false) == 1; }));
  CHECK(typed.has({"KEY_LEFTCTRL"}));
  CHECK(desk.pid("typed") == sink);
  keyboard.up("KEY_LEFTCTRL");
  CHECK(eventually(kPatience, [&] { return typed.has({}); }));
}

TEST_CASE("What is held stays down, however long and whatever the sink's health check") {
  const std::string health =
      GENERATE(as<std::string>{}, "", ", health: off", ", health: {interval: 2s}");
  INFO("health: " << health);
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() +
             "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}" + health + "}\n" +
             "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n");
  keyboard.down("KEY_LEFTCTRL");
  keyboard.down("KEY_A");
  REQUIRE(eventually(kPatience, [&] { return typed.down().size() == 2; }));
  // Longer than a sink waits for a silent kernel.
  CHECK(always(Seconds{1.5}, [&] { return typed.down().size() == 2; }));
  CHECK(typed.changes().size() == 2);
}
