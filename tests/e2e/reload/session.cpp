#include "tests/e2e/reload/session.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>
#include <utility>

namespace dkvm::test {
namespace {

const std::vector<std::string> kDeskDevices = {"network", "keyboard", "input", "numbers", "lamp",
                                               "wall",    "tones",    "heard", "control"};
const std::vector<std::string> kLaptopDevices = {"network", "typed", "counted", "wall",
                                                 "heard",   "seat",  "control"};
const std::vector<std::string> kPipelines = {"pictures", "sound", "numbers"};

const std::string kWall =
    "  wall: {type: dummy-display-sink, config: {check: pattern, report: wall.json}}\n"
    "  heard: {type: dummy-audio-sink, config: {report: heard.json}}\n";

}  // namespace

Session::Session() {
  desk.start(desk_yaml({}));
  laptop.start(laptop_yaml("", ""));
  for (const std::string stream : {"keys", "numbers", "pictures", "sound", "desk"})
    desks.wait_stream("desk", "laptop", stream);
  keyboard.down("KEY_LEFTCTRL");
  REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
  REQUIRE(eventually(kPatience, [&] { return desk.try_ctl("switch laptop").status == 0; }));
  input.down("KEY_B");
  REQUIRE(eventually(kPatience, [&] { return seat_saw("down KEY_B"); }));
  pids_ = pids();
  check_undisturbed();
}

std::string Session::desk_yaml(const DeskFile& file) const {
  return "devices:\n" + desk_link_ + keyboard.yaml() +
         "  input: {exec: [" DKVM_GRAB_SOURCE
         "], config: {commands: input.fifo, log: input.log}}\n"
         "  numbers: {exec: [" DKVM_NUMBER_DEVICE
         ", source], config: {file: numbers.sent}}\n"
         "  lamp: {type: dummy-display-source, config: {size: 128x32, fps: 50, partial: 0.5}}\n"
         "  tones: {type: dummy-audio-source}\n" +
         kWall + file.devices +
         "pipelines:\n"
         "  - {name: keys, from: keyboard/keyboard, to: link/laptop/keys" +
         file.typing +
         "}\n"
         "  - {name: numbers, from: numbers, to: link/laptop/numbers" +
         file.numbers +
         "}\n"
         "  - {name: sound, from: tones, to: [heard, link/laptop/sound]}\n" +
         (file.pictures ? "  - {name: pictures, from: lamp, to: [wall, link/laptop/pictures]}\n"
                        : "") +
         file.pipelines +
         "switches:\n"
         "  - {name: desk, sources: [input], home: local, targets: {local: none, laptop: " +
         file.laptop + "}, hotkeys: {laptop: [KEY_LEFTALT, " + file.hotkey + "]}}\n";
}

std::string Session::laptop_yaml(const std::string& devices, const std::string& pipelines) const {
  return "devices:\n" + laptop_link_ + kWall +
         "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
         "  counted: {exec: [" DKVM_NUMBER_DEVICE
         ", sink], config: {file: numbers.came}}\n"
         "  seat: {exec: [" DKVM_SCREEN_SINK "], config: {log: seat.log}}\n" +
         devices +
         "pipelines:\n"
         "  - {name: keys, from: link/desk/keys, to: typed}\n"
         "  - {name: numbers, from: link/desk/numbers, to: counted}\n"
         "  - {name: sound, from: link/desk/sound, to: heard}\n"
         "  - {name: pictures, from: link/desk/pictures, to: wall}\n"
         "  - {name: desk, from: link/desk/desk, to: seat}\n" +
         pipelines;
}

Json Session::reload(const DeskFile& file) {
  desk.write(desk_yaml(file), file.kernel);
  return desk.ctl("reload");
}

Json Session::reload_laptop(const std::string& devices, const std::string& pipelines) {
  laptop.write(laptop_yaml(devices, pipelines));
  return laptop.ctl("reload");
}

std::map<std::string, pid_t> Session::pids() const {
  std::map<std::string, pid_t> all;
  for (const auto& [at, names] :
       {std::pair(&desk, &kDeskDevices), std::pair(&laptop, &kLaptopDevices)}) {
    const Json answer = at->ctl("devices");
    for (const Json& each : answer.at("devices"))
      if (std::count(names->begin(), names->end(), each.at("name")) != 0)
        all[at->path(each.at("name"))] = each.at("pid").get<pid_t>();
  }
  return all;
}

Session::Counts Session::delivered() const {
  Counts counts;
  for (const Desk* at : {&desk, &laptop}) {
    const Json answer = at->ctl("pipelines");
    for (const Json& pipeline : answer.at("pipelines")) {
      if (std::count(kPipelines.begin(), kPipelines.end(), pipeline.at("name")) == 0) continue;
      for (const Json& edge : pipeline.at("edges"))
        counts[at->path(pipeline.at("name")) + " " + edge.at("to").dump()] = edge.at("delivered");
    }
  }
  return counts;
}

void Session::check_links() {
  for (const auto& [at, peer] : {std::pair("desk", "laptop"), std::pair("laptop", "desk")}) {
    const Json link = desks.link(at, peer);
    INFO(at << ": " << link);
    CHECK(link.at("state") == "up");
    const double age = link.at("since_s");
    CHECK(age >= link_ages_[at]);
    link_ages_[at] = age;
  }
}

void Session::check_undisturbed() {
  INFO(logs());
  CHECK(pids() == pids_);
  check_links();
  CHECK(typed.has({"KEY_LEFTCTRL"}));
  CHECK(typed.count("KEY_LEFTCTRL", false) == 0);
  CHECK_FALSE(seat_saw("up KEY_B"));
  CHECK(target() == "laptop");
  CHECK(Tally::of(laptop.path("numbers.came")).wrong == 0);
  const Counts now = delivered();
  CHECK(now.size() == 8);
  for (const auto& [edge, count] : now) {
    INFO(edge);
    CHECK(count >= counts_[edge]);
  }
  CHECK(eventually(kPatience, [&] {
    for (const auto& [edge, count] : delivered())
      if (count <= now.at(edge)) return false;
    return true;
  }));
  counts_ = now;
}

bool Session::pictures_flow() {
  const auto shown = [&] {
    Counts counts = delivered();
    std::erase_if(counts, [](const auto& each) {
      return each.first.find("/pictures ") == std::string::npos;
    });
    return counts;
  };
  Counts before;
  const bool there = eventually(kPatience, [&] {
    before = shown();
    return before.size() == 3;
  });
  return there && eventually(kPatience, [&] {
           for (const auto& [edge, count] : shown())
             if (count <= before[edge] + 5) return false;
           return true;
         });
}

bool Session::seat_saw(const std::string& line) {
  std::istringstream text(read_text(laptop.path("seat.log")));
  for (std::string each; std::getline(text, each);)
    if (each == line) return true;
  return false;
}

std::string Session::target() {
  return desk.call("pipelines.switches").at("switches").at(0).at("target");
}

void Session::check_complete() {
  INFO(logs());
  for (const std::string source : {"numbers", "lamp", "tones"})
    desk.ctl("device " + source + " stop");
  desk.wait_state("numbers", "stopped");
  const std::int64_t sent = Tally::of(desk.path("numbers.sent")).last;
  CHECK(sent > 0);
  CHECK(eventually(kPatience, [&] { return Tally::of(laptop.path("numbers.came")).last == sent; }));
  CHECK(Tally::of(laptop.path("numbers.came")).wrong == 0);
  laptop.ctl("device network stop");  // what it receives into goes with it
  for (Desk* at : {&desk, &laptop})
    CHECK(eventually(kPatience, [&] { return at->call("memory.stats").at("pool_count") == 0; }));
  for (Desk* at : {&desk, &laptop}) {
    at->kernel().signal(SIGTERM);
    CHECK(at->exit_status(kPatience) == 0);
    const Json seen = Json::parse(read_text(at->path("wall.json")));
    const Json heard = Json::parse(read_text(at->path("heard.json")));
    INFO(seen << heard);
    for (const char* wrong : {"torn", "broken", "orphans", "backwards"}) CHECK(seen.at(wrong) == 0);
    CHECK(heard.at("broken") == 0);
    CHECK(heard.at("restarts") == 0);
  }
}

}  // namespace dkvm::test
