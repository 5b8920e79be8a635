#include "tests/e2e/desk.hpp"
#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <string>

using namespace dkvm::test;

namespace {

std::string desk_yaml(const Source& keyboard, const std::string& file) {
  return "devices:\n" + keyboard.yaml() +
         "  typed: {type: dummy-keyboard-sink, config: {file: " + file + "}}\n" +
         "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n";
}

}  // namespace

TEST_CASE("A bad file changes nothing, by call and by SIGHUP") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start(desk_yaml(keyboard, "typed.jsonl"));
  keyboard.down("KEY_LEFTCTRL");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
  const std::vector<pid_t> before = desk.pids();

  desk.write("devices:\n  typed: {type: dummy-keyboard-sinc}\n");
  const Finished reload = desk.try_ctl("reload");
  CHECK(reload.status == 1);
  CHECK(reload.output.find("kvm.yaml:4:17: ") != std::string::npos);
  desk.kernel().signal(SIGHUP);
  const auto refusals = [&] {
    const std::string log = desk.log();
    std::size_t count = 0;
    for (auto at = log.find("not reloaded"); at != std::string::npos;
         at = log.find("not reloaded", at + 1))
      ++count;
    return count;
  };
  CHECK(eventually(kPatience, [&] { return refusals() == 2; }));

  CHECK(desk.pids() == before);
  CHECK(typed.has({"KEY_LEFTCTRL"}));
  keyboard.up("KEY_LEFTCTRL");
  CHECK(eventually(kPatience, [&] { return typed.has({}); }));
}

TEST_CASE("A good file restarts only what changed in it") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile before(desk.path("before.jsonl"));
  SinkFile after(desk.path("after.jsonl"));
  desk.start(desk_yaml(keyboard, "before.jsonl"));
  const pid_t source = desk.pid("keyboard");
  const pid_t control = desk.pid("control");
  const pid_t sink = desk.pid("typed");
  keyboard.down("KEY_LEFTCTRL");
  REQUIRE(eventually(kPatience, [&] { return before.has({"KEY_LEFTCTRL"}); }));

  desk.write(desk_yaml(keyboard, "after.jsonl"));
  const Json report = desk.ctl("reload");
  CHECK(report.at("changed") == Json({"typed"}));
  CHECK(eventually(kStuckMax, [&] { return before.has({}); }));
  desk.wait_restarted("typed", sink);
  CHECK(eventually(kPatience, [&] { return after.has({"KEY_LEFTCTRL"}); }));
  CHECK(desk.pid("keyboard") == source);
  CHECK(desk.pid("control") == control);
}

TEST_CASE("Devices and pipelines come and go with the file") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  const Source second(desk, "second");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start(desk_yaml(keyboard, "typed.jsonl"));
  const pid_t source = desk.pid("keyboard");

  desk.write("devices:\n" + second.yaml() +
             "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
             "pipelines:\n  - {name: other, from: second, to: typed}\n");
  const Json report = desk.ctl("reload");
  CHECK(report.at("started") == Json({"second"}));
  CHECK(report.at("stopped") == Json({"keyboard"}));
  desk.wait_state("second", "running");
  CHECK(eventually(kPatience, [&] { return is_gone(source); }));
  second.down("KEY_A");
  CHECK(eventually(kPatience, [&] { return typed.has({"KEY_A"}); }));
  CHECK(desk.try_ctl("device keyboard").status == 1);
}
