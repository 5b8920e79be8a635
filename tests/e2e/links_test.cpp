#include "tests/e2e/linked_desks.hpp"
#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <string>

// Two kernels over a link behave like one.
using namespace dkvm::test;

namespace {

const std::string kTyped = "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n";
const std::string kTypingOut = "  - {name: typing, from: keyboard, to: link/laptop/keys}\n";
const std::string kTypingIn = "  - {name: typing, from: link/desk/keys, to: typed}\n";
const std::string kSoon = ", restart: {initial: 50ms, factor: 1}";

// A keyboard at the desk that types on the laptop.
struct Typing {
  LinkedDesks desks;
  Source keyboard{desks["desk"], "keyboard"};
  SinkFile typed{desks["laptop"].path("typed.jsonl")};

  explicit Typing(const std::string& desk_config = "", const std::string& laptop_config = "") {
    desks.start("desk", keyboard.yaml(kSoon), kTypingOut, desk_config, kSoon);
    desks.start("laptop", kTyped, kTypingIn, laptop_config, kSoon);
    desks.wait_stream("desk", "laptop", "keys");
  }
  bool reaches(const std::set<std::string>& codes, Seconds most = kPatience) {
    return eventually(most, [&] { return typed.has(codes); });
  }
  std::string log() { return desks["desk"].log() + "\n" + desks["laptop"].log(); }
};

}  // namespace

TEST_CASE("A key that is pressed here is pressed there, once, and released") {
  Typing typing;
  for (int i = 0; i < 50; ++i) typing.keyboard.tap("KEY_A");
  typing.keyboard.down("KEY_LEFTCTRL");
  INFO(typing.log());
  CHECK(typing.reaches({"KEY_LEFTCTRL"}));
  CHECK(typing.typed.count("KEY_A", true) == 50);
  CHECK(typing.typed.count("KEY_A", false) == 50);
  typing.keyboard.up("KEY_LEFTCTRL");
  CHECK(typing.reaches({}));
}

TEST_CASE("What a link device held is released on the far side when it is killed") {
  const std::string victim = GENERATE("desk", "laptop");
  CAPTURE(victim);
  Typing typing;
  typing.keyboard.down("KEY_LEFTCTRL");
  REQUIRE(typing.reaches({"KEY_LEFTCTRL"}));
  const pid_t before = typing.desks[victim].pid("network");
  typing.desks[victim].kill("network", SIGKILL);
  INFO(typing.log());
  CHECK(eventually(kStuckMax, [&] { return typing.typed.has({}); }));
  typing.desks[victim].wait_restarted("network", before);
  CHECK(typing.reaches({"KEY_LEFTCTRL"}));  // a modifier that is still held is pressed again
  typing.keyboard.up("KEY_LEFTCTRL");
  CHECK(typing.reaches({}));
  typing.keyboard.tap("KEY_B");
  CHECK(eventually(kPatience, [&] { return typing.typed.count("KEY_B", false) == 1; }));
  CHECK(typing.typed.count("KEY_B", true) == 1);
}

TEST_CASE("What a kernel held is released on the far side when the kernel is killed") {
  Typing typing;
  typing.keyboard.down("KEY_LEFTCTRL");
  REQUIRE(typing.reaches({"KEY_LEFTCTRL"}));
  typing.desks["desk"].kernel().signal(SIGKILL);
  INFO(typing.log());
  CHECK(eventually(kStuckMax, [&] { return typing.typed.has({}); }));
}

TEST_CASE("A link device that is stopped lets go within a second and comes back by itself") {
  Typing typing;
  typing.keyboard.down("KEY_A");
  REQUIRE(typing.reaches({"KEY_A"}));
  const pid_t before = typing.desks["desk"].pid("network");
  typing.desks["desk"].kill("network", SIGSTOP);
  INFO(typing.log());
  CHECK(eventually(kStuckMax, [&] { return typing.typed.has({}); }));
  typing.keyboard.up("KEY_A");
  typing.keyboard.tap("KEY_B");
  typing.desks["desk"].wait_restarted("network", before);
  typing.desks.wait_stream("desk", "laptop", "keys");
  typing.keyboard.tap("KEY_C");
  CHECK(eventually(kPatience, [&] { return typing.typed.count("KEY_C", false) >= 1; }));
  CHECK(typing.typed.has({}));
}

TEST_CASE("A peer that is trusted no more is cut off, and lets go") {
  Typing typing;
  typing.keyboard.down("KEY_A");
  REQUIRE(typing.reaches({"KEY_A"}));
  const Finished removed = run_program(DKVM_BIN_DIR "/dkvmctl trust remove desk --folder " +
                                       typing.desks["laptop"].path("identity"));
  REQUIRE(removed.status == 0);
  INFO(typing.log());
  CHECK(typing.reaches({}));
  typing.desks.wait_link("laptop", "desk", "refused");
}

TEST_CASE("A stream begins and ends with the pipelines that name it, on either side") {
  const std::string side = GENERATE("desk", "laptop");
  CAPTURE(side);
  Typing typing;
  Desk& desk = typing.desks[side];
  for (int round = 1; round <= 3; ++round) {
    for (int i = 0; i < 5; ++i) typing.keyboard.tap("KEY_A");
    INFO(typing.log());
    REQUIRE(eventually(kPatience, [&] {
      return typing.typed.count("KEY_A", false) == static_cast<std::size_t>(5 * round);
    }));
    typing.keyboard.down("KEY_B");
    REQUIRE(typing.reaches({"KEY_B"}));
    desk.call("pipelines.disable", {{"name", "typing"}});
    CHECK(eventually(kStuckMax, [&] { return typing.typed.has({}); }));
    typing.keyboard.up("KEY_B");
    if (side == "laptop")
      typing.desks.wait_stream("desk", "laptop", "keys", "waiting");
    else
      CHECK(eventually(kPatience, [&] {
        const Json streams = typing.desks.link("desk", "laptop").at("streams");
        return streams.empty();
      }));
    desk.call("pipelines.enable", {{"name", "typing"}});
    typing.desks.wait_stream("desk", "laptop", "keys");
    typing.desks.wait_stream("laptop", "desk", "keys");
  }
  CHECK(typing.typed.count("KEY_A", true) == 15);
}

TEST_CASE("A peer that pipelines name and nobody knows is told of, until it is trusted") {
  LinkedDesks desks;
  const Source keyboard(desks["desk"], "keyboard");
  desks.start("desk", keyboard.yaml(),
              "  - {name: typing, from: keyboard, to: link/tablet/keys}\n");
  const auto unknown = [&] { return desks["desk"].ctl("links").at("unknown"); };
  INFO(desks["desk"].log());
  CHECK(eventually(kPatience, [&] { return unknown() == Json::array({"tablet"}); }));
  const Json laptop = desks.link("desk", "laptop");
  CHECK(laptop.at("fingerprint") == "");  // it has never been here
  CHECK_FALSE(laptop.contains("rtt_us"));
  desks.trust_stranger("desk", "tablet");
  CHECK(eventually(kPatience, [&] { return unknown().empty(); }));
}

TEST_CASE("Both directions of a link work at a time") {
  LinkedDesks desks;
  const Source both(desks["desk"], "both");
  const Source back(desks["laptop"], "back");
  SinkFile there(desks["laptop"].path("typed.jsonl"));
  SinkFile here(desks["desk"].path("typed.jsonl"));
  desks.start("desk", both.yaml() + kTyped,
              "  - {name: typing, from: both, to: link/laptop/keys}\n"
              "  - {name: back, from: link/laptop/back, to: typed}\n");
  desks.start("laptop", back.yaml() + kTyped,
              kTypingIn + "  - {name: back, from: back, to: link/desk/back}\n");
  desks.wait_stream("desk", "laptop", "keys");
  desks.wait_stream("desk", "laptop", "back");
  for (int i = 0; i < 20; ++i) {
    both.tap("KEY_A");
    back.tap("KEY_B");
  }
  INFO(desks["desk"].log() << desks["laptop"].log());
  CHECK(eventually(kPatience, [&] { return there.count("KEY_A", false) == 20; }));
  CHECK(eventually(kPatience, [&] { return here.count("KEY_B", false) == 20; }));
}
