#include "tests/e2e/linked_desks.hpp"
#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

// What a stream of a link carries: topics of one's own, bodies of any size, the way back,
// and many streams at a time.
using namespace dkvm::test;

namespace {

const std::string kParts = DKVM_LINK_PARTS;

// A device of tests/e2e/link_parts.cpp; what it writes is in NAME.txt.
std::string part(const std::string& name, const std::string& words, bool writes = true) {
  return "  " + name + ": {exec: [" + kParts + ", " + words + "]" +
         (writes ? ", config: {file: " + name + ".txt}" : "") + "}\n";
}

std::vector<std::string> lines_of(Desk& desk, const std::string& name) {
  std::vector<std::string> lines;
  std::istringstream text(read_text(desk.path(name + ".txt")));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

std::size_t count(const std::vector<std::string>& lines, const std::string& line) {
  return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), line));
}

std::string logs(LinkedDesks& desks) { return desks["desk"].log() + "\n" + desks["laptop"].log(); }

}  // namespace

TEST_CASE("Topics of one's own arrive under their names, though their numbers differ") {
  LinkedDesks desks;
  // Each kernel gives numbers in the order in which names are said; the laptop is first,
  // so that the link brings it no names that it does not have.
  desks.start("laptop", part("hear", "hear, acme/pedal, acme/other, acme/wheel"),
              "  - {name: in, from: link/desk/own, to: hear}\n");
  desks.start(
      "desk", part("say", "say, acme/wheel, acme/pedal, acme/secret", false),
      "  - {name: out, from: say, to: link/laptop/own, events: [acme/wheel, acme/pedal]}\n");
  const auto heard = [&] { return lines_of(desks["laptop"], "hear"); };
  INFO(logs(desks));
  REQUIRE(eventually(kPatience, [&] { return heard().size() >= 20; }));
  std::map<std::string, std::size_t> came;
  std::set<std::string> numbers_differ;
  for (const std::string& line : heard()) {
    std::istringstream words(line);
    std::string name_here, name_there, number_here, number_there;
    words >> name_here >> number_here >> name_there >> number_there;
    if (number_there.empty()) continue;  // is being written
    INFO(line);
    CHECK(name_here == name_there);
    if (number_here != number_there) numbers_differ.insert(name_here);
    ++came[name_here];
  }
  CHECK(numbers_differ == std::set<std::string>{"acme/pedal", "acme/wheel"});
  CHECK(came["acme/pedal"] >= 5);
  CHECK(came["acme/wheel"] >= 5);
}

TEST_CASE("Pictures of several sizes come whole through one stream") {
  LinkedDesks desks;
  desks.start("laptop", part("check", "check"),
              "  - {name: in, from: link/desk/screen, to: check}\n");
  desks.start("desk", part("sizes", "sizes", false),
              "  - {name: out, from: sizes, to: link/laptop/screen}\n");
  INFO(logs(desks));
  for (const char* size : {"8x8", "640x480", "64x48", "1024x640", "1x1"}) {
    INFO(size);
    CHECK(eventually(kPatience, [&] {
      return count(lines_of(desks["laptop"], "check"), std::string(size) + " whole") >= 3;
    }));
  }
  for (const std::string& line : lines_of(desks["laptop"], "check"))
    CHECK(line.find("broken") == std::string::npos);
}

TEST_CASE("A far sink's lock state reaches the near keyboard") {
  LinkedDesks desks;
  desks.start("laptop", part("lamp", "lamp", false),
              "  - {name: in, from: link/desk/keys, to: lamp}\n");
  desks.start("desk", part("lit", "lit"), "  - {name: out, from: lit, to: link/laptop/keys}\n");
  INFO(logs(desks));
  const auto heard = [&] { return lines_of(desks["desk"], "lit"); };
  CHECK(eventually(kPatience,
                   [&] { return count(heard(), "on") >= 3 && count(heard(), "off") >= 3; }));
}

TEST_CASE(
    "Without the grant for it no lock state of a peer reaches the keyboard, and it is counted") {
  LinkedDesks desks;
  desks.start("laptop", part("lamp", "lamp", false),
              "  - {name: in, from: link/desk/keys, to: lamp}\n");
  desks.start("desk", part("lit", "lit"), "  - {name: out, from: lit, to: link/laptop/keys}\n",
              ", peers: {laptop: {upstream: [refresh]}}");
  INFO(logs(desks));
  CHECK(eventually(kPatience, [&] {
    const Json link = desks.link("desk", "laptop");
    return link.is_object() && link.at("dropped").at("unasked") >= 5;
  }));
  CHECK(lines_of(desks["desk"], "lit").empty());
}

TEST_CASE("Eight streams go over one link at a time, both ways, and none hurts another") {
  LinkedDesks desks;
  struct Typed {
    Source source;
    SinkFile file;
  };
  std::vector<std::unique_ptr<Typed>> keys;
  std::map<std::string, std::string> devices, pipelines;
  const auto add_keys = [&](const std::string& from, const std::string& to, int number) {
    const std::string name = "keys" + std::to_string(number);
    keys.emplace_back(
        new Typed{Source(desks[from], name), SinkFile(desks[to].path(name + ".jsonl"))});
    devices[from] += keys.back()->source.yaml();
    devices[to] +=
        "  at-" + name + ": {type: dummy-keyboard-sink, config: {file: " + name + ".jsonl}}\n";
    pipelines[from] += "  - {name: " + name + ", from: " + name + ", to: link/" + to + "/" + name +
                       ", events: [key]}\n";
    pipelines[to] +=
        "  - {name: at-" + name + ", from: link/" + from + "/" + name + ", to: at-" + name + "}\n";
  };
  for (int i = 0; i < 3; ++i) add_keys("desk", "laptop", i);
  for (int i = 3; i < 5; ++i) add_keys("laptop", "desk", i);
  for (int i = 0; i < 3; ++i) {
    const std::string name = "screen" + std::to_string(i);
    const std::string from = i == 2 ? "laptop" : "desk", to = i == 2 ? "desk" : "laptop";
    devices[from] += part(name, "sizes", false);
    devices[to] += part("at-" + name, "check");
    pipelines[from] +=
        "  - {name: " + name + ", from: " + name + ", to: link/" + to + "/" + name + "}\n";
    pipelines[to] +=
        "  - {name: at-" + name + ", from: link/" + from + "/" + name + ", to: at-" + name + "}\n";
  }
  for (const char* name : {"desk", "laptop"}) desks.start(name, devices[name], pipelines[name]);
  for (int i = 0; i < 5; ++i) desks.wait_stream("desk", "laptop", "keys" + std::to_string(i));
  CHECK(desks.link("desk", "laptop").at("streams").size() == 8);
  constexpr std::size_t kTaps = 40;
  for (std::size_t i = 0; i < kTaps; ++i)
    for (const auto& each : keys) each->source.tap("KEY_A");
  INFO(logs(desks));
  for (const auto& each : keys) {
    CHECK(eventually(kPatience, [&] { return each->file.count("KEY_A", false) == kTaps; }));
    CHECK(each->file.count("KEY_A", true) == kTaps);
  }
  const std::vector<std::pair<std::string, std::string>> screens{
      {"laptop", "at-screen0"}, {"laptop", "at-screen1"}, {"desk", "at-screen2"}};
  for (const auto& [desk, name] : screens) {
    INFO(name);
    CHECK(eventually(kPatience, [&] { return lines_of(desks[desk], name).size() >= 10; }));
    for (const std::string& line : lines_of(desks[desk], name))
      CHECK(line.find("broken") == std::string::npos);
  }
}

TEST_CASE("A device that nobody could ask sends over a link what it names in its hello") {
  LinkedDesks desks;
  const Source keyboard(desks["desk"], "keyboard");
  SinkFile typed(desks["laptop"].path("typed.jsonl"));
  // It describes nothing, and takes its time to be what it is.
  const std::string mute = desks["desk"].path("mute");
  std::ofstream(mute) << "#!/bin/sh\n[ \"$1\" = --describe ] && exit 1\nwhile [ ! -e " << mute
                      << ".go ]; do sleep 0.02; done\nexec " DKVM_SCRIPTED_SOURCE " \"$@\"\n";
  std::filesystem::permissions(mute, std::filesystem::perms::owner_all);
  desks.start("laptop", "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n",
              "  - {name: in, from: link/desk/keys, to: typed}\n");
  std::string device = keyboard.yaml();
  const std::size_t program = device.find(DKVM_SCRIPTED_SOURCE);
  REQUIRE(program != std::string::npos);
  device.replace(program, std::string(DKVM_SCRIPTED_SOURCE).size(), mute);
  desks.write("desk", device, "  - {name: out, from: keyboard, to: link/laptop/keys}\n");
  desks["desk"].launch(false);
  desks.wait_link("desk", "laptop");
  INFO(logs(desks));
  CHECK(desks.link("desk", "laptop").at("streams").empty());
  std::ofstream(mute + ".go").close();
  desks.wait_stream("desk", "laptop", "keys");
  Json topics;
  for (const Json& port : desks["desk"].device("network").at("ports"))
    if (port.at("name") == "laptop/keys") topics = port.at("topics");
  REQUIRE(topics.is_array());
  CHECK(topics.get<std::set<std::string>>() ==
        std::set<std::string>{"input_state", "key", "pointer_button", "pointer_motion"});
  keyboard.tap("KEY_A");
  CHECK(eventually(kPatience, [&] { return typed.count("KEY_A", false) == 1; }));
}
