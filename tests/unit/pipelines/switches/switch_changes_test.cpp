// Targets, sources and files that come, go and change under a switch.

#include "tests/unit/pipelines/switches/switch_rig.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::test;

TEST_CASE("A target that goes away sends the input home, and says why") {
  SwitchRig rig;
  rig.begin();
  rig.go(kTwo);
  rig.press(kA);
  rig.router.device_down(2, rig.now);
  CHECK(rig.at() == "local");
  CHECK(rig.status().reason == "laptop is gone: there is no laptop");
  CHECK(rig.status().targets[1].state == SwitchStatus::Target::State::away);
  CHECK(rig.asked() == "release");
  const auto wish = rig.router.select("desk", {"laptop"}, rig.now);
  REQUIRE(wish);
  REQUIRE(rig.router.switch_outcome("desk", *wish));
  CHECK(rig.router.switch_outcome("desk", *wish)->error().code() == Errc::disconnected);
}

TEST_CASE("A target that takes nothing for 300 ms is away, and there again when it goes on") {
  SwitchRig rig;
  rig.begin();
  rig.go(kTwo);
  rig.asked();
  rig.router.pause({2, 0}, rig.now);
  rig.pass(299 * kSecond / 1000);
  CHECK(rig.at() == "laptop");
  rig.router.resume({2, 0}, rig.now);
  rig.pass(kSecond);
  CHECK(rig.at() == "laptop");
  rig.router.pause({2, 0}, rig.now);
  rig.pass(300 * kSecond / 1000);
  CHECK(rig.at() == "local");
  CHECK(rig.status().reason == "laptop is gone: nothing gets to laptop");
  CHECK(rig.status().targets[1].state == SwitchStatus::Target::State::away);
  rig.router.resume({2, 0}, rig.now);
  CHECK(rig.status().targets[1].state == SwitchStatus::Target::State::ready);
  CHECK(rig.at() == "local");
}

TEST_CASE("A target that starts, or stands still, for 300 ms is away until it is at work") {
  SwitchRig rig;
  rig.begin();
  rig.go(kTwo);
  rig.router.set_at_work(2, false, rig.now);
  rig.pass(299 * kMs);
  CHECK(rig.at() == "laptop");
  rig.router.set_at_work(2, true, rig.now);
  rig.pass(kSecond);
  CHECK(rig.at() == "laptop");
  rig.router.device_down(2, rig.now);
  CHECK(rig.at() == "local");
  rig.router.set_at_work(2, false, rig.now);
  rig.sink_up(2, "laptop");
  rig.pass(300 * kMs);
  CHECK(rig.status().targets[1].state == SwitchStatus::Target::State::away);
  const auto wish = rig.router.select("desk", {"laptop"}, rig.now);
  REQUIRE(wish);
  REQUIRE(rig.router.switch_outcome("desk", *wish));
  CHECK(rig.router.switch_outcome("desk", *wish)->error().code() == Errc::disconnected);
  rig.router.set_at_work(2, true, rig.now);
  CHECK(rig.status().targets[1].state == SwitchStatus::Target::State::ready);
}

TEST_CASE("A source of a switch that is no more hears that nothing is watched") {
  SwitchRig rig;
  rig.begin();
  rig.send(SwitchRig::kKeyboard, geometry(1920, 1080));
  rig.asked();
  const std::uint32_t before = rig.prepared;
  REQUIRE(rig.router.apply({}, {}, rig.now));
  const auto told = rig.grabs();
  REQUIRE(told.size() == 1);
  CHECK(told[0].action == wire::GrabAction::prepare);
  CHECK(told[0].epoch > before);
  CHECK(told[0].chords.empty());
  CHECK(told[0].edges.empty());
  CHECK_FALSE(rig.host.held[1]);
}

TEST_CASE("Keys of a port that closed are not held for a hotkey") {
  SwitchRig rig;
  rig.begin();
  for (int i = 0; i < 3; ++i) {
    rig.router.port_up(1, out_port(9, fmt::format("keypad-{}", i), topics({wire::Topic::key})),
                       rig.now);
    rig.press(kCtrl, {1, 9});
    rig.router.port_down({1, 9}, rig.now);
  }
  rig.press(70);  // `next`, when it alone is down
  CHECK(rig.status().wanted == "laptop");
}

TEST_CASE("A source that can be grabbed only later is grabbed then, and goes on meanwhile") {
  SwitchRig rig;
  using enum wire::Topic;
  rig.up(1, "input", {out_port(1, "mouse", topics({pointer_motion, pointer_button}))});
  rig.begin();
  REQUIRE(rig.router.select("desk", {"laptop"}, rig.now));
  CHECK(rig.at() == "laptop");
  rig.click(true);
  CHECK(rig.take(2) == "272+");
  rig.router.port_up(1, out_port(0, "keyboard", topics({key, input_state, grabbed})), rig.now);
  CHECK(rig.asked() == "prepare grab");
  rig.click(false);
  CHECK(rig.take(2) == "272-");
  SECTION("once it has let go, it stays there") {
    rig.say_grabbed(true);
    rig.press(kA);
    CHECK(rig.take(2) == "30+");
    rig.asked();
    rig.pass(kSecond);
    CHECK(rig.asked().starts_with("renew"));
  }
  SECTION("when it refuses, it is home") {
    rig.say_grabbed(false, "busy");
    CHECK(rig.at() == "local");
  }
  SECTION("when it cannot be grabbed any more, it is home") {
    rig.say_grabbed(true);
    rig.router.port_down({1, 0}, rig.now);
    CHECK(rig.at() == "local");
    CHECK(rig.status().reason == "source input cannot be grabbed any more");
  }
}

TEST_CASE("A source that comes back is grabbed anew, and its keys wait for it") {
  SwitchRig rig;
  rig.begin();
  rig.go(kTwo);
  rig.press(kA);
  CHECK(rig.take(2) == "30+");
  rig.router.device_down(1, rig.now);
  CHECK(rig.take(2) == "30-");
  rig.asked();
  rig.source_up();
  rig.press(kB);
  CHECK(rig.take(2).empty());
  rig.grant();
  rig.press(kC);
  CHECK(rig.take(2) == "46+");
}

TEST_CASE("A source that is grabbed anew hears of the target's locks, and brings modifiers along") {
  SwitchRig rig;
  rig.begin();
  rig.go(kTwo);
  LockState locks;
  locks.caps_lock = true;
  REQUIRE(rig.send_up({2, 0}, locks));
  rig.router.device_down(1, rig.now);
  rig.source_up();
  rig.press(kCtrl);
  rig.press(kA);
  rig.asked();
  rig.host.upstream.clear();
  rig.say_grabbed(true);
  CHECK(rig.host.upstream == std::vector<std::string>{"1/0 lock_state", "1/1 lock_state"});
  CHECK(rig.take(2) == "29+");
}

TEST_CASE("A sleep of the machine ends at home") {
  SwitchRig rig;
  rig.begin();
  rig.go(kTwo);
  rig.router.release_all("the machine slept", rig.now);
  CHECK(rig.at() == "local");
  CHECK(rig.status().reason == "the machine slept");
}

TEST_CASE("A switch that is as it was keeps its target, another begins at home") {
  SwitchRig rig;
  rig.begin();
  rig.go(kTwo);
  rig.begin({pipeline("other", "input/mouse", "tower")});
  CHECK(rig.at() == "laptop");
  rig.press(kA);
  CHECK(rig.take(2) == "30+");
  const auto before = rig.epoch;
  rig.spec.targets.pop_back();
  rig.spec.hotkeys = {{Hotkey::Act::target, "laptop", {kCtrl, kAlt, kTwo}}};
  rig.spec.layout.clear();
  rig.asked();
  rig.begin();
  CHECK(rig.at() == "local");
  CHECK(rig.take(2) == "30-");
  CHECK(rig.asked() == "release prepare");
  CHECK(rig.prepared > before);
}

TEST_CASE("A pipeline of a switch that is disabled is a target that is away") {
  SwitchRig rig;
  rig.begin();
  rig.go(kTwo);
  REQUIRE(rig.router.enable("desk/laptop", false, rig.now));
  CHECK(rig.at() == "local");
  REQUIRE(rig.router.enable("desk/laptop", true, rig.now));
  rig.go(kTwo);
  CHECK(rig.at() == "laptop");
}

TEST_CASE("Other hotkeys and borders leave the input where it is, and hold at once") {
  SwitchRig rig;
  rig.begin();
  rig.go(kTwo);
  rig.press(kB);
  CHECK(rig.take(2) == "48+");
  rig.asked();
  rig.spec.hotkeys[0].codes = {kCtrl, kOne};
  rig.spec.corners = 3;
  rig.spec.layout.pop_back();
  rig.begin();
  CHECK(rig.at() == "laptop");
  CHECK(rig.asked() == "prepare");  // the sources hear of the new ones
  CHECK(rig.take(2).empty());       // and nobody lets go of anything
  rig.lift(kB);
  CHECK(rig.take(2) == "48-");
  rig.chord(kOne);
  CHECK(rig.at() == "laptop");  // the old one
  rig.let_go_chord(kOne);
  rig.take(2);
  rig.press(kCtrl);
  rig.press(kOne);
  CHECK(rig.at() == "local");
}

TEST_CASE("A key that a hotkey withheld stays so when the hotkeys change") {
  SwitchRig rig;
  rig.begin();
  rig.chord(kTwo);
  rig.grant();
  rig.spec.hotkeys.pop_back();
  rig.begin();
  rig.let_go_chord(kTwo);
  CHECK(rig.take(2).empty());
}

TEST_CASE("A switch with other targets goes home first") {
  SwitchRig rig;
  rig.begin();
  rig.go(kTwo);
  rig.press(kB);
  CHECK(rig.take(2) == "48+");
  rig.spec.targets.pop_back();
  rig.spec.hotkeys.erase(rig.spec.hotkeys.begin() + 2);
  rig.spec.layout.pop_back();
  rig.begin();
  CHECK(rig.at() == "local");
  CHECK(rig.take(2) == "48-");
}
