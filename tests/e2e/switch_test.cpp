#include "tests/e2e/linked_desks.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

// Who has the keyboard and the mouse: real kernels and devices, whose machines are files.
using namespace dkvm::test;

namespace {

const std::string kSoon = ", restart: {initial: 50ms, factor: 1}";

std::vector<std::string> lines_of(const std::string& path) {
  std::istringstream text(read_text(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

std::string source_yaml() {
  return "  input: {exec: [" DKVM_GRAB_SOURCE "], config: {commands: input.fifo, log: input.log}" +
         kSoon + "}\n";
}

std::string screen_yaml(const std::string& name) {
  return "  " + name + ": {exec: [" DKVM_SCREEN_SINK "], config: {log: " + name + ".log}" + kSoon +
         "}\n";
}

std::string switch_yaml(const std::string& targets, const std::string& edges = "") {
  return "switches:\n"
         "  - name: desk\n"
         "    sources: [input]\n"
         "    home: local\n"
         "    targets: {local: none, " +
         targets +
         "}\n"
         "    hotkeys:\n"
         "      laptop: [KEY_LEFTCTRL, KEY_LEFTALT, KEY_2]\n"
         "      local: [KEY_LEFTCTRL, KEY_LEFTALT, KEY_1]\n"
         "    edges: {layout: {local: {right: laptop}}" +
         edges + "}\n";
}

// A machine with an input that can be taken away, and what it says of itself.
class Machine {
 public:
  explicit Machine(Desk& desk) : desk_(desk), source_(desk, "input") {}

  Source& input() { return source_; }
  void chord(const std::string& last) {
    source_.down("KEY_LEFTCTRL");
    source_.down("KEY_LEFTALT");
    source_.tap(last);
    source_.up("KEY_LEFTALT");
    source_.up("KEY_LEFTCTRL");
  }
  Json status() { return desk_.call("pipelines.switches").at("switches").at(0); }
  bool is_at(const std::string& target, Seconds most = kPatience) {
    return eventually(most, [&] { return status().at("target") == target; });
  }
  std::vector<std::string> told() { return lines_of(desk_.path("input.log")); }
  bool was_told(const std::string& line) {
    return eventually(kPatience, [&] {
      const auto all = told();
      return std::find(all.begin(), all.end(), line) != all.end();
    });
  }

 private:
  Desk& desk_;
  Source source_;
};

// The lines of a screen are these, in this order.
bool shows(const Desk& desk, const std::string& screen, const std::vector<std::string>& lines) {
  return eventually(kPatience, [&] { return lines_of(desk.path(screen + ".log")) == lines; });
}

struct OneDesk {
  Desk desk;
  Machine machine{desk};

  explicit OneDesk(const std::string& edges = "") {
    desk.start("devices:\n" + source_yaml() + screen_yaml("laptop") +
               switch_yaml("laptop: laptop", edges));
    machine.input().tell("geometry 1920 1080");
    REQUIRE(machine.was_told("prepare chords=2 edges=1"));
  }
  std::string seen() {
    std::string text;
    for (const auto& line : lines_of(desk.path("laptop.log"))) text += line + "\n";
    return text + desk.log();
  }
};

}  // namespace

TEST_CASE("A hotkey hands the input to another machine, and another takes it back") {
  OneDesk it;
  it.machine.input().tap("KEY_A");
  it.machine.chord("KEY_2");
  REQUIRE(it.machine.is_at("laptop"));
  it.machine.input().tap("KEY_B");
  it.machine.input().tell("move 10 -20");
  INFO(it.seen());
  REQUIRE(shows(it.desk, "laptop", {"to 500 250", "down KEY_B", "up KEY_B", "to 510 230"}));
  it.machine.chord("KEY_1");
  REQUIRE(it.machine.is_at("local"));
  CHECK(it.machine.was_told("release"));
  it.machine.input().tap("KEY_C");
  CHECK(shows(it.desk, "laptop",
              {"to 500 250", "down KEY_B", "up KEY_B", "to 510 230", "down KEY_LEFTCTRL",
               "down KEY_LEFTALT", "up KEY_LEFTCTRL", "up KEY_LEFTALT"}));
}

TEST_CASE("dkvmctl switch moves the input, locks it and says who has it") {
  OneDesk it;
  CHECK(it.desk.ctl("switch").at("switches").at(0).at("target") == "local");
  const Json answer = it.desk.ctl("switch laptop --lock");
  CHECK(answer.at("target") == "laptop");
  CHECK(answer.at("locked") == true);
  CHECK(it.desk.ctl("status").at("switches").at(0).at("target") == "laptop");
  CHECK(it.desk.ctl("switch desk local").at("target") == "local");
  const Finished wrong = it.desk.try_ctl("switch laptpo");
  CHECK(wrong.status == 1);
  CHECK(wrong.output.find("did you mean 'laptop'?") != std::string::npos);
}

TEST_CASE("A source that refuses keeps its input, and says why") {
  OneDesk it;
  it.machine.input().tell("refuse busy");
  const Finished refused = it.desk.try_ctl("switch laptop");
  INFO(refused.output);
  CHECK(refused.status == 1);
  CHECK(refused.output.find("source input refused: busy") != std::string::npos);
  it.machine.input().tell("silent");
  it.machine.input().tell("allow");
  CHECK(it.desk.ctl("switch laptop").at("target") == "laptop");
}

TEST_CASE("A source that does not answer is not waited for") {
  OneDesk it;
  it.machine.input().tell("silent");
  const Finished late = it.desk.try_ctl("switch laptop");
  CHECK(late.status != 0);
  CHECK(late.output.find("did not answer") != std::string::npos);
  CHECK(it.machine.status().at("target") == "local");
}

TEST_CASE("A lease does not run out while the input is away") {
  // A machine so busy that nobody ran for that long says nothing about the leases.
  constexpr std::chrono::milliseconds kStandstill{100};
  for (int attempt = 0; attempt < 5; ++attempt) {
    OneDesk it;
    it.desk.ctl("switch laptop");
    using Clock = std::chrono::steady_clock;
    const auto until = Clock::now() + std::chrono::seconds(2);
    auto before = Clock::now();
    Clock::duration gap{0};
    eventually(kPatience, [&] {
      gap = std::max(gap, Clock::now() - std::exchange(before, Clock::now()));
      return before >= until;
    });
    const auto told = it.machine.told();
    const auto ran_out = std::count(told.begin(), told.end(), "lease ran out");
    if (ran_out != 0 && gap > kStandstill) continue;
    INFO(it.desk.log());
    CHECK(ran_out == 0);
    CHECK(it.machine.status().at("target") == "laptop");
    return;
  }
  FAIL("this machine stands still all the time");
}

TEST_CASE("A kernel that stands still loses the input to its own machine") {
  OneDesk it;
  it.desk.ctl("switch laptop");
  it.desk.kernel().signal(SIGSTOP);
  CHECK(it.machine.was_told("lease ran out"));
  it.desk.kernel().signal(SIGCONT);
  CHECK(it.machine.is_at("local"));
}

TEST_CASE("A panic chord leads home") {
  OneDesk it;
  it.desk.ctl("switch laptop");
  it.machine.input().tell("down KEY_A");
  it.machine.input().tell("panic");
  CHECK(it.machine.is_at("local"));
  CHECK(it.machine.status().at("reason") == "source input took its input back: panic chord");
  INFO(it.seen());
  CHECK(shows(it.desk, "laptop", {"to 500 250", "down KEY_A", "up KEY_A"}));
}

TEST_CASE("A target that dies sends the input home") {
  OneDesk it;
  it.desk.ctl("switch laptop");
  it.desk.kill("laptop", SIGKILL);
  CHECK(it.machine.is_at("local"));
  CHECK(it.machine.was_told("release"));
  it.desk.wait_state("laptop", "running");
  CHECK(it.desk.ctl("switch laptop").at("target") == "laptop");
}

TEST_CASE("A source that dies abroad is grabbed anew, what it held is released") {
  OneDesk it;
  it.desk.ctl("switch laptop");
  it.machine.input().tell("down KEY_A");
  REQUIRE(shows(it.desk, "laptop", {"to 500 250", "down KEY_A"}));
  const int signal = GENERATE(SIGKILL, SIGSTOP);
  const pid_t before = it.desk.pid("input");
  it.desk.kill("input", signal);
  it.desk.wait_restarted("input", before);
  const auto is_grabbed = [&] {
    const auto told = it.machine.told();
    return std::count(told.begin(), told.end(), "grab") == 2;
  };
  INFO(it.seen());
  CHECK(eventually(kPatience, is_grabbed));
  CHECK(it.machine.status().at("target") == "laptop");
  CHECK(shows(it.desk, "laptop", {"to 500 250", "down KEY_A", "up KEY_A"}));
}

TEST_CASE("The pointer crosses where the desktops touch, after the delay, but not in corners") {
  OneDesk it(", delay: 100ms");
  it.machine.input().tell("push 5");
  it.machine.input().tell("leave");
  it.machine.input().tell("push 539");
  REQUIRE(it.machine.is_at("laptop"));
  INFO(it.seen());
  REQUIRE(shows(it.desk, "laptop", {"to 0 249"}));
  it.machine.input().tell("move -1 0");
  REQUIRE(it.machine.is_at("local"));
  CHECK(it.machine.was_told("release 1919 538"));
}

TEST_CASE("A reload that leaves the switch alone leaves the input where it is") {
  OneDesk it;
  it.desk.ctl("switch laptop");
  const std::string devices = "devices:\n" + source_yaml() + screen_yaml("laptop");
  it.desk.write(devices + screen_yaml("tower") + switch_yaml("laptop: laptop"));
  it.desk.ctl("reload");
  CHECK(it.machine.status().at("target") == "laptop");
  it.desk.write(devices + screen_yaml("tower") + switch_yaml("laptop: laptop, tower: tower"));
  CHECK(it.desk.ctl("reload").at("switches_changed") == Json::array({"desk"}));
  CHECK(it.machine.status().at("target") == "local");
  CHECK(it.machine.was_told("release"));
  CHECK(it.desk.ctl("switch tower").at("target") == "tower");
}

TEST_CASE("A machine beyond a link is a target like any other") {
  LinkedDesks desks;
  Machine machine(desks["desk"]);
  desks.start("desk", source_yaml(), switch_yaml("laptop: link/laptop"));
  desks.start("laptop", screen_yaml("screen"),
              "  - {name: in, from: link/desk/desk, to: screen}\n");
  desks.wait_stream("desk", "laptop", "desk");
  REQUIRE(
      eventually(kPatience, [&] { return desks["desk"].try_ctl("switch laptop").status == 0; }));
  machine.input().tap("KEY_A");
  INFO(desks["desk"].log() << desks["laptop"].log());
  REQUIRE(shows(desks["laptop"], "screen", {"to 500 250", "down KEY_A", "up KEY_A"}));
  machine.input().down("KEY_LEFTSHIFT");
  desks["laptop"].kernel().signal(SIGKILL);
  CHECK(machine.is_at("local"));
  CHECK(machine.status().at("targets").at(1).at("state") == "away");
}
