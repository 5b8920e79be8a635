#include "tests/e2e/desk.hpp"
#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>

#include <string>

// What was said at run time, and the file that says otherwise.
using namespace dkvm::test;

namespace {

std::string pipeline_state(const Desk& desk, const std::string& name) {
  const Json answer = desk.ctl("pipelines");
  for (const Json& each : answer.at("pipelines"))
    if (each.at("name") == name) return each.at("state");
  return "";
}

struct WordsDesk {
  Desk desk;
  Source keyboard{desk, "keyboard"};
  SinkFile typed{desk.path("typed.jsonl")};

  std::string yaml(const std::string& device_keys, const std::string& pipelines) const {
    return "devices:\n" + keyboard.yaml(device_keys) +
           "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
           "pipelines:\n" +
           pipelines;
  }
  Json reload(const std::string& device_keys, const std::string& pipelines) {
    desk.write(yaml(device_keys, pipelines));
    return desk.ctl("reload");
  }
};

const std::string kTyping = "  - {name: typing, from: keyboard/keyboard, to: typed";
const std::string kMade =
    R"({"pipeline":{"name":"made","from":"keyboard/keyboard","to":"typed","enabled":false}})";

}  // namespace

TEST_CASE("A pipeline that was switched stays so until the file says another thing than before") {
  WordsDesk it;
  it.desk.start(it.yaml("", kTyping + "}\n"));
  it.desk.call("pipelines.disable", {{"name", "typing"}});
  it.reload("", kTyping + ", queue: {depth: 8}}\n");
  CHECK(pipeline_state(it.desk, "typing") == "disabled");
  it.reload("", kTyping + ", enabled: true}\n");  // what it always said
  CHECK(pipeline_state(it.desk, "typing") == "disabled");
  it.reload("", kTyping + ", enabled: false}\n");
  it.reload("", kTyping + "}\n");
  CHECK(pipeline_state(it.desk, "typing") == "active");

  it.reload("", kTyping + ", enabled: false}\n");
  it.desk.call("pipelines.enable", {{"name", "typing"}});
  it.reload("", kTyping + ", enabled: false, queue: {depth: 8}}\n");
  CHECK(pipeline_state(it.desk, "typing") == "active");
  it.keyboard.tap("KEY_A");
  CHECK(eventually(kPatience, [&] { return it.typed.count("KEY_A", false) == 1; }));
}

TEST_CASE("A pipeline made at run time stays beside every file, until one has its name") {
  WordsDesk it;
  it.desk.start(it.yaml("", kTyping + "}\n"));
  it.desk.ctl("call kernel pipelines.create '" + kMade + "'");
  it.desk.call("pipelines.remove", {{"name", "typing"}});
  it.reload("", kTyping + "}\n");
  CHECK(pipeline_state(it.desk, "made") == "disabled");
  CHECK(pipeline_state(it.desk, "typing") == "active");  // the file's comes back
  it.reload("", "  - {name: made, from: keyboard/keyboard, to: typed}\n");
  CHECK(pipeline_state(it.desk, "made") == "active");
  it.reload("", "  []\n");
  CHECK(it.desk.ctl("pipelines").at("pipelines").empty());
}

TEST_CASE("A device that was stopped or started by hand stays so until the file says otherwise") {
  WordsDesk it;
  it.desk.start(it.yaml("", kTyping + "}\n"));
  it.desk.ctl("device keyboard stop");
  it.desk.wait_state("keyboard", "stopped");
  it.reload(", health: off", kTyping + "}\n");
  CHECK(it.desk.state("keyboard") == "stopped");
  it.reload(", env: {CHANGED: '1'}", kTyping + "}\n");  // nor for what needs a new process
  CHECK(it.desk.state("keyboard") == "stopped");

  it.reload(", enabled: false", kTyping + "}\n");
  it.desk.ctl("device keyboard start");
  it.desk.wait_state("keyboard", "running");
  const pid_t by_hand = it.desk.pid("keyboard");
  it.reload(", enabled: false, health: off", kTyping + "}\n");
  CHECK(it.desk.pid("keyboard") == by_hand);
  it.reload("", kTyping + "}\n");
  CHECK(it.desk.pid("keyboard") == by_hand);  // enabled, as it is already
  it.desk.ctl("device keyboard stop");
  it.desk.wait_state("keyboard", "stopped");
  it.reload(", enabled: false", kTyping + "}\n");
  it.reload("", kTyping + "}\n");
  it.desk.wait_state("keyboard", "running");
}

TEST_CASE("What cannot be reloaded is named in the answer, and stays as it was") {
  Desk desk;
  desk.write("devices: {}\n");
  ChildSetup setup;
  setup.command = {DKVM_BIN_DIR "/dkvm-kernel", "--config", desk.config(), "--log-level",
                   "warning"};
  setup.environment = {"PATH=/usr/bin:/bin"};
  setup.session = true;
  const Child kernel(setup);
  REQUIRE(eventually(kPatience, [&] { return desk.try_ctl("devices").status == 0; }));
  desk.write("devices: {}\n", ", log: {level: debug}");
  const Json answer = desk.ctl("reload");
  CHECK(answer.at("changed").empty());
  CHECK(answer.at("needs_restart") == Json({"kernel.log.level"}));  // --log-level outweighs it
  const Finished text = run_program(DKVM_BIN_DIR "/dkvmctl --socket " + desk.socket() + " reload");
  CHECK(text.output == "nothing has changed\n");
}
