#include "tests/unit/pipelines/switches/switch_rig.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::test;

TEST_CASE("A hotkey takes the input to its target and another brings it back") {
  SwitchRig rig;
  rig.begin();
  CHECK(rig.asked() == "prepare");
  rig.press(kA);
  rig.lift(kA);
  rig.chord(kTwo);
  CHECK(rig.status().wanted == "laptop");
  CHECK(rig.at() == "local");
  rig.grant();
  CHECK(rig.at() == "laptop");
  rig.let_go_chord(kTwo);
  CHECK(rig.take(2).empty());  // of the chord nothing is seen there
  rig.press(kB);
  rig.lift(kB);
  CHECK(rig.take(2) == "48+ 48-");
  rig.chord(kOne);
  CHECK(rig.at() == "local");
  CHECK(rig.asked() == "release");
  rig.let_go_chord(kOne);
  rig.press(kC);
  CHECK(rig.take(2) == "29+ 56+ 29- 56-");
}

TEST_CASE("Whatever is held at a target is released there when the input leaves it") {
  SwitchRig rig;
  rig.begin();
  rig.go(kTwo);
  rig.press(kA);
  rig.click(true);
  CHECK(rig.take(2) == "30+ 272+");
  REQUIRE(rig.router.select("desk", {"tower"}, rig.now));
  CHECK(rig.take(2) == "30- 272-");
  rig.lift(kA);
  rig.click(false);
  CHECK(rig.take(2).empty());
  CHECK(rig.take(3).empty());  // nor does the other target hear of them
}

TEST_CASE("Modifiers that are held come along, those of the hotkey do not") {
  SwitchRig rig;
  rig.begin();
  rig.press(kMeta);
  REQUIRE(rig.router.select("desk", {"laptop"}, rig.now));
  rig.grant();
  CHECK(rig.take(2) == "125+");
  rig.lift(kMeta);
  rig.take(2);
  rig.chord(kThree);
  CHECK(rig.at() == "tower");
  CHECK(rig.take(2) == "29+ 56+ 29- 56-");
  CHECK(rig.take(3).empty());
  rig.press(kA);
  CHECK(rig.take(3) == "30+");
  rig.lift(kCtrl);
  rig.press(kCtrl);
  CHECK(rig.take(3) == "29+");
}

TEST_CASE("A refusal leaves the input where it is") {
  SwitchRig rig;
  rig.begin();
  rig.asked();
  const auto wish = rig.router.select("desk", {"laptop"}, rig.now);
  REQUIRE(wish);
  rig.asked();
  CHECK_FALSE(rig.router.switch_outcome("desk", *wish));
  rig.say_grabbed(false, "a menu is open");
  const auto outcome = rig.router.switch_outcome("desk", *wish);
  REQUIRE(outcome);
  REQUIRE_FALSE(*outcome);
  CHECK(outcome->error().code() == Errc::denied);
  CHECK(outcome->error().message() == "source input refused: a menu is open");
  CHECK(rig.at() == "local");
  CHECK(rig.asked().empty());
  rig.press(kA);
  CHECK(rig.take(2).empty());
}

TEST_CASE("Keys before the answer are home's, keys behind it the target's") {
  SwitchRig rig;
  rig.begin();
  rig.chord(kTwo);
  rig.press(kA);
  rig.lift(kA);
  rig.grant();
  rig.press(kB);
  CHECK(rig.take(2) == "48+");
}

TEST_CASE("A device that keeps hotkeys from its desktop holds input, at home too") {
  SwitchRig rig;
  rig.begin();
  CHECK(rig.host.held[1]);
  rig.go(kTwo);
  CHECK(rig.host.held[1]);
  rig.router.device_down(1, rig.now);
  CHECK_FALSE(rig.host.held[1]);
}

TEST_CASE("A device that is grabbed holds input") {
  SwitchRig rig;
  rig.spec.hotkeys.clear();
  rig.begin();
  CHECK_FALSE(rig.host.held[1]);
  REQUIRE(rig.router.select("desk", {"laptop"}, rig.now));
  CHECK(rig.host.held[1]);
  rig.grant();
  CHECK(rig.host.held[1]);
  SECTION("until it was told to let go") {
    REQUIRE(rig.router.select("desk", {"local"}, rig.now));
    CHECK_FALSE(rig.host.held[1]);
  }
  SECTION("or until it is gone") {
    rig.router.device_down(1, rig.now);
    CHECK_FALSE(rig.host.held[1]);
  }
}

TEST_CASE("A lease is renewed every 200 ms while the input is away") {
  SwitchRig rig;
  rig.begin();
  rig.go(kTwo);
  rig.asked();
  rig.pass(2 * kSecond);
  const auto grabs = rig.grabs();
  CHECK(grabs.size() == 10);
  for (const Grab& grab : grabs) {
    CHECK(grab.action == wire::GrabAction::renew);
    CHECK(grab.epoch == rig.epoch);
    CHECK(grab.lease_ms == 400);
  }
}

TEST_CASE("A wish that is refused leaves one under way alone") {
  SwitchRig rig;
  rig.begin();
  rig.router.device_down(3, rig.now);
  rig.asked();
  rig.press(kCtrl);
  rig.press(kAlt);
  const auto first = rig.router.select("desk", {"laptop", "asked", true}, rig.now);
  REQUIRE(first);
  SECTION("by a call") {
    const auto refused = rig.router.select("desk", {"tower", "asked", false}, rig.now);
    REQUIRE(refused);
    REQUIRE(rig.router.switch_outcome("desk", *refused));
    CHECK_FALSE(*rig.router.switch_outcome("desk", *refused));
  }
  SECTION("by a hotkey, whose modifiers then come along") {
    rig.press(kThree);
    rig.lift(kThree);
  }
  CHECK_FALSE(rig.router.switch_outcome("desk", *first));
  rig.grant();
  REQUIRE(rig.router.switch_outcome("desk", *first));
  CHECK(*rig.router.switch_outcome("desk", *first));
  CHECK(rig.at() == "laptop");
  CHECK(rig.status().locked);
  CHECK(rig.take(2) == "29+ 56+");
}

TEST_CASE("A call that is refused leaves the hotkey under way its keys") {
  SwitchRig rig;
  rig.begin();
  rig.router.device_down(3, rig.now);
  rig.chord(kTwo);
  REQUIRE(rig.router.select("desk", {"tower"}, rig.now));
  rig.grant();
  rig.let_go_chord(kTwo);
  CHECK(rig.at() == "laptop");
  CHECK(rig.take(2).empty());
}

TEST_CASE("However often a desktop changes, sources are told five times a second, the last too") {
  SwitchRig rig;
  rig.begin();
  rig.asked();
  for (std::uint32_t i = 0; i < 100; ++i) {
    rig.send(SwitchRig::kKeyboard, geometry(1000 + i, 1000 + i));
    rig.pass(5 * kMs);
  }
  rig.pass(kSecond);
  const auto told = rig.grabs();
  CHECK(told.size() >= 3);
  CHECK(told.size() <= 4);
  REQUIRE_FALSE(told.back().edges.empty());
  CHECK(told.back().edges[0]->to == 1099 - 16);
}

TEST_CASE("Other pipelines of a source get everything, always") {
  SwitchRig rig;
  rig.up(4, "recorder", {in_port(0, "all")});
  rig.begin({pipeline("record", "input/keyboard", "recorder")});
  rig.chord(kTwo);
  rig.asked();
  rig.say_grabbed(true);
  rig.let_go_chord(kTwo);
  CHECK(rig.take(4) == "29+ 56+ 3+ topic 69 3- 56- 29-");
  CHECK(rig.take(2).empty());
}

TEST_CASE("A lock holds against borders and `next`, until the input is told to go elsewhere") {
  SwitchRig rig;
  rig.begin();
  rig.show_screens();
  rig.go(kTwo);
  rig.press(kCtrl);
  rig.press(38);
  rig.lift(38);
  rig.lift(kCtrl);
  CHECK(rig.status().locked);
  CHECK(rig.take(2) == "29+ 29-");
  rig.move(-5000, 0);
  rig.press(70);
  rig.lift(70);
  CHECK(rig.at() == "laptop");
  rig.go(kThree);
  CHECK(rig.at() == "tower");
  CHECK_FALSE(rig.status().locked);
}

TEST_CASE("A wish may lock its target") {
  SwitchRig rig;
  rig.begin();
  REQUIRE(rig.router.select("desk", {"laptop", "asked", true}, rig.now));
  CHECK_FALSE(rig.status().locked);
  rig.grant();
  CHECK(rig.status().locked);
  REQUIRE(rig.router.select("desk", {"laptop", "asked", false}, rig.now));
  CHECK_FALSE(rig.status().locked);
}

TEST_CASE("The next target round is one that is there") {
  SwitchRig rig;
  rig.begin();
  rig.router.device_down(2, rig.now);
  rig.press(70);
  rig.grant();
  rig.lift(70);
  CHECK(rig.at() == "tower");
  rig.press(70);
  CHECK(rig.at() == "local");
}

TEST_CASE("What a target says upstream stays with the switch") {
  SwitchRig rig;
  rig.begin();
  rig.go(kTwo);
  rig.host.upstream.clear();
  LockState locks;
  locks.caps_lock = true;
  REQUIRE(rig.send_up({3, 0}, locks));  // it has not got the input
  REQUIRE(rig.send_up({2, 0}, geometry(10, 10)));
  CHECK(rig.host.upstream.empty());
  REQUIRE(rig.send_up({2, 0}, locks));
  CHECK(rig.host.upstream == std::vector<std::string>{"1/0 lock_state", "1/1 lock_state"});
  rig.host.upstream.clear();
  REQUIRE(rig.router.select("desk", {"tower"}, rig.now));  // whose locks are remembered
  CHECK(rig.host.upstream == std::vector<std::string>{"1/0 lock_state", "1/1 lock_state"});
}

TEST_CASE("What a sink said of itself is said again to a producer that comes later") {
  Rig rig;
  rig.up(2, "desk", {in_port(0, "all")});
  REQUIRE(rig.send_up({2, 0}, geometry(10, 10)));
  rig.apply({pipeline("p", "keyboard", "desk")});
  rig.up(1, "keyboard", {out_port(0, "keys")});
  CHECK(std::ranges::count(rig.host.upstream, "1/0 geometry") == 1);
  rig.up(2, "desk", {in_port(0, "all")});  // another incarnation, which has not said it
  rig.up(1, "keyboard", {out_port(0, "keys")});
  CHECK(std::ranges::count(rig.host.upstream, "1/0 geometry") == 1);
}

TEST_CASE("A home with an address has the input while nobody else has") {
  SwitchRig rig;
  rig.spec.targets[0].to = "tower";
  rig.spec.targets.pop_back();
  rig.spec.hotkeys = {{Hotkey::Act::target, "laptop", {kCtrl, kAlt, kTwo}}};
  rig.spec.layout.clear();
  rig.begin();
  rig.press(kA);
  CHECK(rig.take(3) == "30+");
  REQUIRE(rig.router.select("desk", {"laptop"}, rig.now));
  rig.grant();
  CHECK(rig.take(3) == "30-");
}

TEST_CASE("Modifiers of a source come along when it has let go, not before") {
  SwitchRig rig;
  rig.begin();
  rig.go(kTwo);
  rig.router.device_down(1, rig.now);
  rig.source_up();
  rig.press(kMeta);
  REQUIRE(rig.router.select("desk", {"tower"}, rig.now));
  CHECK(rig.at() == "tower");
  CHECK(rig.take(3).empty());
  rig.grant();
  CHECK(rig.take(3) == "125+");  // a finger holds it
  rig.press(kA);
  CHECK(rig.take(3) == "30+");
}
