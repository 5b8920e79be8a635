#include "tests/e2e/desk.hpp"
#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <memory>
#include <sstream>
#include <string>

// dkvmctl at a real kernel.
using namespace dkvm::test;

namespace {

const std::string kTyped = "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n";
const std::string kTyping = "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n";

// A dkvmctl that goes on and on, in a file.
class Following {
 public:
  Following(const Desk& desk, std::vector<std::string> arguments, std::string out)
      : out_(desk.path(out)) {
    ChildSetup setup;
    setup.command = {DKVM_BIN_DIR "/dkvmctl", "--json", "--socket", desk.socket()};
    setup.command.insert(setup.command.end(), arguments.begin(), arguments.end());
    setup.out = out_;
    process_ = std::make_unique<Child>(setup);
  }

  std::vector<Json> records() const {
    std::vector<Json> all;
    std::istringstream lines(read_text(out_));
    for (std::string line; std::getline(lines, line) && !lines.eof();)
      all.push_back(Json::parse(line));
    return all;
  }

 private:
  std::string out_;
  std::unique_ptr<Child> process_;
};

}  // namespace

TEST_CASE("A device that dies soon is in backoff, then runs again") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  desk.start("devices:\n" + keyboard.yaml(", restart: {initial: 700ms, jitter: 0%}"));
  const pid_t before = desk.pid("keyboard");
  ::kill(before, SIGSEGV);
  desk.wait_state("keyboard", "backoff");
  const Json waiting = desk.device("keyboard");
  if (waiting.at("state") == "backoff") {
    CHECK(waiting.at("reason").get<std::string>().find("SIGSEGV") != std::string::npos);
    CHECK(waiting.at("pid") == 0);
    CHECK(waiting.at("next_start_s") <= 0.7);
  }
  desk.wait_restarted("keyboard", before);
  CHECK(desk.device("keyboard").at("restarts") == 1);
}

TEST_CASE("Pipelines are made, switched and removed while the kernel runs") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() + kTyped);
  CHECK(desk.ctl("pipelines").at("pipelines").empty());
  const Json made = {{"pipeline", {{"name", "typing"}, {"from", "keyboard"}, {"to", "typed"}}}};
  const Json typing = {{"name", "typing"}};

  desk.call("pipelines.create", made);
  keyboard.tap("KEY_A");
  CHECK(eventually(kPatience, [&] { return typed.count("KEY_A", false) == 1; }));
  CHECK(desk.try_ctl("call kernel pipelines.create '" + made.dump() + "'").status == 1);

  desk.call("pipelines.disable", typing);
  keyboard.tap("KEY_B");
  keyboard.tell("log B was tapped");
  REQUIRE(
      eventually(kPatience, [&] { return desk.log().find("B was tapped") != std::string::npos; }));
  desk.call("pipelines.enable", typing);
  keyboard.tap("KEY_C");
  CHECK(eventually(kPatience, [&] { return typed.count("KEY_C", false) == 1; }));
  CHECK(typed.count("KEY_B", true) == 0);

  desk.call("pipelines.remove", typing);
  CHECK(desk.ctl("pipelines").at("pipelines").empty());
}

TEST_CASE("Events cannot be led in a cycle by pipelines of run time, nor by a file beside them") {
  Desk desk;
  const std::string devices =
      "devices:\n  a: {exec: [/bin/sleep, 100s]}\n  b: {exec: [/bin/sleep, 100s]}\n";
  desk.write(devices);
  desk.launch(false);
  const auto create = [&](const std::string& from, const std::string& to) {
    const Json made = {{"pipeline", {{"name", from + to}, {"from", from}, {"to", to}}}};
    return desk.try_ctl("call kernel pipelines.create '" + made.dump() + "'");
  };
  REQUIRE(create("a", "b").status == 0);
  const Finished back = create("b", "a");
  CHECK(back.status == 1);
  CHECK(back.output.find("cycle") != std::string::npos);

  const std::string file = devices + "pipelines:\n  - {name: back, from: b, to: a}\n";
  desk.write(file);
  const Finished reload = desk.try_ctl("reload");
  CHECK(reload.status == 1);
  CHECK(reload.output.find("'ab' was made at run time") != std::string::npos);
  CHECK(desk.ctl("pipelines").at("pipelines").size() == 1);
  desk.call("pipelines.remove", {{"name", "ab"}});
  CHECK(desk.try_ctl("reload").status == 0);
}

TEST_CASE("A pipeline that makes no sense is refused, and changes nothing") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  desk.start("devices:\n" + keyboard.yaml() + kTyped + kTyping);
  for (const Json& wrong : {Json{{"name", "x"}, {"from", "keyboard"}, {"to", "nobody"}},
                            Json{{"name", "x"}, {"from", "typed"}, {"to", "keyboard"}},
                            Json{{"name", "x"}, {"from", "keyboard"}}}) {
    const Finished refused =
        desk.try_ctl("call kernel pipelines.create '" + Json{{"pipeline", wrong}}.dump() + "'");
    INFO(refused.output);
    CHECK(refused.status == 1);
  }
  CHECK(desk.ctl("pipelines").at("pipelines").size() == 1);
}

TEST_CASE("A death comes with the last lines of the log") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  desk.start("devices:\n" + keyboard.yaml());
  const pid_t before = desk.pid("keyboard");
  keyboard.tell("log these are my last words");
  keyboard.tell("abort");
  desk.wait_restarted("keyboard", before);
  const Json deaths = desk.ctl("deaths keyboard").at("deaths");
  REQUIRE(deaths.size() == 1);
  CHECK(deaths[0].at("reason").get<std::string>().find("SIGABRT") != std::string::npos);
  REQUIRE_FALSE(deaths[0].at("log").empty());
  CHECK(deaths[0].at("log").back().get<std::string>().find("these are my last words") !=
        std::string::npos);
}

TEST_CASE("watch shows which keys only to those who ask") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() + kTyped + kTyping);
  const Following shy(desk, {"watch"}, "shy.out");
  const Following open(desk, {"watch", "typing", "--codes"}, "open.out");
  // Until both are on, nobody knows what they see.
  REQUIRE(eventually(kPatience, [&] {
    keyboard.tap("KEY_F13");
    return !shy.records().empty() && !open.records().empty();
  }));
  for (const Json& event : shy.records()) CHECK_FALSE(event.contains("code"));
  CHECK(read_text(desk.path("shy.out")).find("KEY_") == std::string::npos);
  const Json first = open.records().front();
  CHECK(first.at("code") == "KEY_F13");
  CHECK(first.at("pipeline") == "typing");
  CHECK(first.at("topic") == "key");
  CHECK(first.at("down").is_boolean());
}

TEST_CASE("watch gives programs numbers") {
  Desk desk;
  const Source mouse(desk, "mouse");
  desk.start("devices:\n" + mouse.yaml() +
             "  moved: {type: dummy-mouse-sink, config: {file: moved.jsonl}}\n"
             "pipelines:\n  - {name: pointing, from: mouse/mouse, to: moved}\n");
  const Following watch(desk, {"watch"}, "watch.out");
  REQUIRE(eventually(kPatience, [&] {
    mouse.tell("move 2 -1.5");
    return !watch.records().empty();
  }));
  const Json motion = watch.records().front();
  CHECK(motion.at("topic") == "pointer_motion");
  CHECK(motion.at("absolute") == false);
  CHECK(motion.at("x") >= 2);
  CHECK(motion.at("y") <= -1.5);
}

TEST_CASE("Nothing is kept of what passes when nobody has watched for a while") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  desk.start("devices:\n" + keyboard.yaml() + kTyped + kTyping);
  const auto watched = [&] { return desk.call("kernel.info").at("watched").get<bool>(); };
  CHECK_FALSE(watched());
  CHECK(desk.try_ctl("call kernel pipelines.watch '{\"pipeline\":\"tping\"}'").status == 1);
  CHECK_FALSE(watched());
  desk.call("pipelines.watch");
  CHECK(watched());
  keyboard.tap("KEY_F13");
  const auto kept = [&] {
    return desk.call("pipelines.watch", {{"after", 0}}).at("events").size();
  };
  REQUIRE(eventually(kPatience, [&] { return kept() >= 2; }));
  CHECK(eventually(kPatience, [&] { return !watched(); }));
  CHECK(kept() == 0);
}

TEST_CASE("kernel.info counts the events that no edge counts") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  desk.start("devices:\n" + keyboard.yaml() + kTyped);
  const auto events = [&] { return desk.call("kernel.info").at("events"); };
  CHECK(events().at("looped") == 0);
  CHECK(events().at("hops_exceeded") == 0);
  CHECK(events().at("unknown_ports") == 0);
  const auto before = events();
  keyboard.tap("KEY_A");
  REQUIRE(eventually(kPatience, [&] {
    return events().at("unrouted") >= before.at("unrouted").get<std::uint64_t>() + 2;
  }));
  CHECK(events().at("published") >= before.at("published").get<std::uint64_t>() + 2);
}

TEST_CASE("A log of large records is read to its end, in pages that fit an answer") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  desk.start("devices:\n" + keyboard.yaml());
  // As JSON each of these takes twice its bytes.
  for (int i = 0; i < 40; ++i)
    keyboard.tell("log " + std::to_string(i) + " " + std::string(3000, '"'));
  keyboard.tell("log the last");
  REQUIRE(eventually(kPatience, [&] { return desk.log().find("the last") != std::string::npos; }));
  const Json records = desk.ctl("logs -n 41 -d keyboard").at("records");
  REQUIRE(records.size() == 41);
  CHECK(records.front().at("text").get<std::string>().starts_with("0 "));
  CHECK(records.back().at("text") == "the last");
  const Json newest = desk.call("log.read", {{"last", 1}, {"device", "keyboard"}});
  CHECK(newest.at("records").size() == 1);
  CHECK(newest.at("records").at(0).at("text") == "the last");
}

TEST_CASE("logs -f follows what devices and kernel say") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  desk.start("devices:\n" + keyboard.yaml());
  keyboard.tell("log said before");
  REQUIRE(
      eventually(kPatience, [&] { return desk.log().find("said before") != std::string::npos; }));
  const Following logs(desk, {"logs", "-f", "-d", "keyboard"}, "logs.out");
  const auto has = [&](const std::string& text) {
    for (const Json& record : logs.records())
      if (record.at("text") == text && record.at("source") == "keyboard") return true;
    return false;
  };
  REQUIRE(eventually(kPatience, [&] { return has("said before"); }));
  keyboard.tell("log said after");
  CHECK(eventually(kPatience, [&] { return has("said after"); }));
}

TEST_CASE("A call without a grant is denied and does nothing") {
  Desk desk;
  desk.start("devices: {}\n");
  const Finished denied = desk.try_ctl("stop");  // the desk's control has no such grant
  INFO(denied.output);
  CHECK(denied.status == 1);
  CHECK(denied.output.find("kernel.stop") != std::string::npos);
  CHECK(denied.output.find("grant") != std::string::npos);
  CHECK(desk.state("control") == "running");
}

TEST_CASE("Devices are stopped and started again") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() + kTyped + kTyping);
  keyboard.down("KEY_LEFTCTRL");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
  desk.ctl("device keyboard stop");
  CHECK(eventually(kStuckMax, [&] { return typed.has({}); }));
  desk.wait_state("keyboard", "stopped");
  desk.ctl("device keyboard start");
  desk.wait_state("keyboard", "running");
  keyboard.tap("KEY_A");
  CHECK(eventually(kPatience, [&] { return typed.count("KEY_A", false) == 1; }));
}

TEST_CASE("A killed control device takes calls again, and nobody else is touched") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() + kTyped + kTyping);
  keyboard.down("KEY_LEFTCTRL");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
  const pid_t before = desk.pid("control");
  const pid_t sink = desk.pid("typed");
  ::kill(before, SIGKILL);
  REQUIRE(eventually(kPatience, [&] { return is_gone(before); }));
  REQUIRE(eventually(kPatience, [&] { return desk.try_ctl("status").status == 0; }));
  CHECK(desk.pid("control") != before);
  CHECK(desk.pid("typed") == sink);
  CHECK(typed.has({"KEY_LEFTCTRL"}));
}
