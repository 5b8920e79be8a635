#include "tests/e2e/linked_desks.hpp"
#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <string>

// Pictures over a link, and what of them a far sink says to a near source.
using namespace dkvm::test;

namespace {

std::string lamp(const std::string& more = "") {
  return "  lamp: {type: dummy-display-source, config: {size: 128x32" + more + "}}\n";
}
const std::string kWall =
    "  wall: {type: dummy-display-sink, config: {check: pattern, report: wall.json}}\n"
    "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n";
const std::string kOut =
    "  - {name: screen, from: lamp, to: link/laptop/screen}\n"
    "  - {name: typing, from: keyboard, to: link/laptop/keys}\n";
const std::string kTypingIn = "  - {name: typing, from: link/desk/keys, to: typed}\n";
const std::string kIn = "  - {name: screen, from: link/desk/screen, to: wall}\n" + kTypingIn;

struct Screen {
  LinkedDesks desks;
  Source keyboard{desks["desk"], "keyboard"};
  SinkFile typed{desks["laptop"].path("typed.jsonl")};

  void start(const std::string& lamp_more, const std::string& desk_config,
             const std::string& laptop_config, const std::string& in = kIn) {
    desks.start("desk", lamp(lamp_more) + keyboard.yaml(), kOut, desk_config);
    desks.start("laptop", kWall, in, laptop_config);
    desks.wait_stream("desk", "laptop", "keys");
  }
  std::uint64_t delivered() {
    const Json answer = desks["laptop"].ctl("pipelines");
    for (const Json& each : answer.at("pipelines"))
      if (each.at("name") == "screen") return each.at("edges")[0].at("delivered");
    return 0;
  }
  void tap_reaches() {
    const std::size_t before = typed.count("KEY_A", false);
    keyboard.tap("KEY_A");
    CHECK(eventually(kPatience, [&] { return typed.count("KEY_A", false) == before + 1; }));
  }
  std::string logs() { return desks["desk"].log() + "\n" + desks["laptop"].log(); }
};

const std::string kJoin = R"({"pipeline":{"name":"screen","from":"link/desk/screen","to":"wall"}})";

}  // namespace

TEST_CASE("A far sink that joins late gets a whole picture, and none is torn") {
  Screen screen;
  screen.start(", fps: 50, partial: 0.9", "", "", kTypingIn);
  screen.desks["laptop"].ctl("call kernel pipelines.create '" + kJoin + "'");
  INFO(screen.logs());
  CHECK(eventually(kPatience, [&] { return screen.delivered() > 30; }));
  screen.tap_reaches();
  Desk& laptop = screen.desks["laptop"];
  laptop.kernel().signal(SIGTERM);
  CHECK(laptop.exit_status(kPatience) == 0);
  const Json seen = Json::parse(read_text(laptop.path("wall.json")));
  INFO(seen);
  CHECK(seen.at("frames") > 0);
  for (const char* wrong : {"torn", "broken", "orphans", "backwards"}) CHECK(seen.at(wrong) == 0);
}

TEST_CASE("Pictures larger than a peer's share of memory are refused and counted; keys pass") {
  Screen screen;
  screen.start(", fps: 50", "", ", buffers: 64KiB");
  INFO(screen.logs());
  const auto drops = [&] { return screen.desks.link("desk", "laptop").at("drops"); };
  CHECK(eventually(kPatience, [&] { return drops() > 5; }));
  CHECK(screen.delivered() <= 1);  // the mode, which has no buffer
  screen.tap_reaches();
  CHECK(screen.desks.link("desk", "laptop").at("state") == "up");
  CHECK(screen.desks.link("laptop", "desk").at("state") == "up");
}

TEST_CASE("A far sink that stands still holds up its own stream and no other") {
  Screen screen;
  screen.start(", fps: 50", "", "");
  INFO(screen.logs());
  REQUIRE(eventually(kPatience, [&] { return screen.delivered() > 10; }));
  screen.desks["laptop"].kill("wall", SIGSTOP);
  for (int i = 0; i < 20; ++i) screen.tap_reaches();
  CHECK(screen.desks.link("desk", "laptop").at("state") == "up");
  screen.desks["laptop"].kill("wall", SIGCONT);
  const std::uint64_t before = screen.delivered();
  CHECK(eventually(kPatience, [&] { return screen.delivered() > before + 10; }));
}

TEST_CASE("With upstream: [] nothing of a peer reaches the sources here, and it is counted") {
  Screen screen;
  screen.start(", fps: 50, partial: 0.9", ", peers: {laptop: {upstream: []}}", "", kTypingIn);
  screen.desks["laptop"].ctl("call kernel pipelines.create '" + kJoin + "'");
  INFO(screen.logs());
  // The Refresh of whoever joins is dropped: deltas without a whole picture are not shown.
  CHECK(eventually(kPatience, [&] { return screen.desks.link("desk", "laptop").at("drops") > 0; }));
  screen.tap_reaches();
}
