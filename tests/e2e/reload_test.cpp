#include "tests/e2e/desk.hpp"
#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace dkvm::test;

namespace {

// Written whole, and then put in the place of what was there: as a build does.
void install_script(const std::string& path, const std::string& text) {
  std::ofstream(path + ".new") << text;
  REQUIRE(::chmod((path + ".new").c_str(), 0755) == 0);
  std::filesystem::rename(path + ".new", path);
}

// A device that says it has this port, and then is the scripted source, which
// has a port `keyboard`.
std::string source_that_describes(const std::string& port) {
  return "#!/bin/sh\nif [ \"$1\" = --describe ]; then " DKVM_SCRIPTED_SOURCE
         " --describe | sed 's/\"keyboard\"/\"" +
         port + "\"/'; exit; fi\nexec " DKVM_SCRIPTED_SOURCE "\n";
}

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

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
  CHECK(eventually(kPatience, [&] { return count_of(desk.log(), "not reloaded") == 2; }));

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

TEST_CASE("What is held stays held while a reload asks a device that does not answer") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start(desk_yaml(keyboard, "typed.jsonl"));
  keyboard.down("KEY_LEFTCTRL");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));

  desk.write("devices:\n" + keyboard.yaml() +
             "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
             "  hang: {exec: [/bin/sh, -c, sleep 100]}\n"
             "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n");
  desk.kernel().signal(SIGHUP);
  // One that comes while the first waits for its answer has an answer of its own.
  const Json report = desk.ctl("reload");
  CHECK(report.at("started").size() <= 1);
  CHECK(desk.log().find("started hang") != std::string::npos);
  CHECK(count_of(desk.log(), "reloaded ") == 2);
  CHECK(desk.log().find("silent") == std::string::npos);
  CHECK(typed.has({"KEY_LEFTCTRL"}));
  CHECK(typed.count("KEY_LEFTCTRL", false) == 0);
  keyboard.up("KEY_LEFTCTRL");
  CHECK(eventually(kPatience, [&] { return typed.has({}); }));
}

TEST_CASE("A running kernel keeps its name and its directory, and every device with them") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  const std::string yaml = desk_yaml(keyboard, "typed.jsonl");
  desk.start(yaml);
  const std::vector<pid_t> before = desk.pids();
  desk.write(yaml, ", name: other, runtime_dir: elsewhere");
  std::string text = read_text(desk.config());
  const std::string first = "name: desk, runtime_dir: run, ";
  REQUIRE(text.find(first) != std::string::npos);
  std::ofstream(desk.config()) << text.replace(text.find(first), first.size(), "");

  const Json report = desk.ctl("reload");
  CHECK(report.at("needs_restart") == Json({"kernel.name", "kernel.runtime_dir"}));
  CHECK(report.at("changed").empty());
  CHECK(desk.pids() == before);
  CHECK_FALSE(std::filesystem::exists(desk.path("elsewhere")));
}

TEST_CASE("What changed in the kernel's own section is told, and done where it can be") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  const std::string yaml = desk_yaml(keyboard, "typed.jsonl");
  desk.start(yaml);
  const std::vector<pid_t> before = desk.pids();
  desk.write(yaml, ", log: {level: debug, file: other.log, bytes_max: 1MiB}");
  const Json report = desk.ctl("reload");
  CHECK(report.at("changed") ==
        Json({"kernel.log.level", "kernel.log.file", "kernel.log.bytes_max"}));
  CHECK(report.at("needs_restart").empty());
  CHECK(desk.call("log.level").at("level") == "debug");
  CHECK(read_text(desk.path("other.log"))
            .find("changed kernel.log.level, kernel.log.file, kernel.log.bytes_max") !=
        std::string::npos);
  CHECK(desk.pids() == before);
}

TEST_CASE("A reload is answered though it restarts the device that asked") {
  Desk desk;
  desk.start("devices: {}\n");
  const pid_t before = desk.pid("control");
  std::string text = read_text(desk.path("control.yaml"));
  const std::string type = "type: control\n";
  text.replace(text.find(type), type.size(), type + "    env: {CHANGED: \"1\"}\n");
  std::ofstream(desk.path("control.yaml")) << text;
  const Json report = desk.ctl("reload");
  CHECK(report.at("changed") == Json({"control"}));
  CHECK(eventually(kPatience, [&] { return is_gone(before); }));
  REQUIRE(eventually(kPatience, [&] { return desk.try_ctl("devices").status == 0; }));
  CHECK(desk.pid("control") != before);
}

TEST_CASE("A device that goes and comes back before it is gone is started anew") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  const std::string with = desk_yaml(keyboard, "typed.jsonl");
  desk.start(with);
  const pid_t before = desk.pid("keyboard");
  desk.kill("keyboard", SIGSTOP);  // takes its time to end
  desk.write("devices:\n  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n");
  CHECK(desk.ctl("reload").at("stopped") == Json({"keyboard"}));
  // Beside a new one; and the reloads that follow find everything in order.
  const Source second(desk, "second");
  const std::string begin = "devices:\n";
  desk.write(begin + second.yaml() + with.substr(begin.size()));
  CHECK(desk.ctl("reload").at("started") == Json({"second", "keyboard"}));
  desk.wait_restarted("keyboard", before);
  desk.wait_state("second", "running");
  CHECK(desk.ctl("reload").at("started").empty());
}

TEST_CASE("A device that has failed and is switched off by a reload is not started for it") {
  Desk desk;
  const auto yaml = [](const std::string& keys) {
    return "devices:\n  broken: {exec: [/bin/sh, -c, exit 125]" + keys + "}\n";
  };
  desk.write(yaml(""));
  desk.launch(false);
  desk.wait_state("broken", "failed");
  const Json lives = desk.device("broken").at("incarnation");
  desk.write(yaml(", enabled: false"));
  CHECK(desk.ctl("reload").at("changed") == Json({"broken"}));
  desk.wait_state("broken", "stopped");
  CHECK(desk.device("broken").at("incarnation") == lives);
}

TEST_CASE(
    "A device that has ended is started as what the file now says, one that was stopped not") {
  Desk desk;
  const Source finished(desk, "finished");
  const Source stopped(desk, "stopped");
  const std::string waits = "  waits: {exec: [/bin/false], restart: {initial: 100s, max: 100s}}\n";
  const auto yaml = [&](const std::string& env) {
    std::string devices = finished.yaml(env) + stopped.yaml(env) + waits;
    return "devices:\n" + devices.insert(devices.rfind('}'), env);
  };
  desk.write(yaml(""));
  desk.launch(false);
  desk.wait_state("finished", "running");
  finished.tell("finish");
  desk.wait_state("finished", "finished");
  desk.wait_state("waits", "backoff");
  desk.ctl("device stopped stop");
  desk.wait_state("stopped", "stopped");

  desk.write(yaml(", env: {CHANGED: \"1\"}"));
  CHECK(desk.ctl("reload").at("changed") == Json({"finished", "stopped", "waits"}));
  desk.wait_state("finished", "running");
  CHECK(eventually(kPatience, [&] { return desk.device("waits").at("incarnation") == 2; }));
  CHECK(desk.state("stopped") == "stopped");
}

TEST_CASE("A program that was built anew is what it says now, by reload and by restart") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  const std::string program = desk.path("built");
  install_script(program, source_that_describes("old"));
  const std::string yaml =
      "devices:\n  built: {exec: [./built], config: {commands: keyboard.fifo}, restart: "
      "{initial: 10ms, max: 20ms}}\n";
  desk.write(yaml);
  desk.launch(false);
  desk.wait_state("built", "failed");  // it has another port than it said

  install_script(program, source_that_describes("keyboard"));
  desk.ctl("device built start");
  desk.wait_state("built", "running");

  install_script(program, source_that_describes("other"));
  desk.kill("built", SIGKILL);
  desk.wait_state("built", "failed");

  install_script(program, source_that_describes("keyboard"));
  CHECK(desk.ctl("reload").at("changed") == Json({"built"}));
  desk.wait_state("built", "running");
}

TEST_CASE("A program that could not say what it is is asked again by a reload") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  install_script(desk.path("built"),
                 "#!/bin/sh\nif [ \"$1\" = --describe ] && [ ! -e " + desk.path("mended") +
                     " ]; then exit 1; fi\nexec " DKVM_SCRIPTED_SOURCE " \"$@\"\n");
  const std::string begin =
      "devices:\n  built: {exec: [./built], config: {commands: " + desk.path("keyboard.fifo");
  desk.start(begin + "}}\n");
  CHECK(desk.log().find("device built: its ports and configuration are unchecked") !=
        std::string::npos);
  std::ofstream(desk.path("mended")) << "";
  desk.write(begin + ", no: 1}}\n");
  const Finished reload = desk.try_ctl("reload");
  CHECK(reload.status == 1);
  CHECK(reload.output.find("'no'") != std::string::npos);
}
