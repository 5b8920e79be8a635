#include <catch2/catch.hpp>

#include "tests/unit/pipelines/rig.hpp"

using namespace dkvm;
using namespace dkvm::test;

TEST_CASE("a key goes through, once down and once up") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kA);
  rig.press(kA);
  rig.lift(kA);
  rig.lift(kA);
  REQUIRE(rig.take() == "30+ 30-");
  const EdgeStats edge = rig.edge("typing");
  REQUIRE(edge.counters.dropped_for(Drop::duplicate) == 1);
  REQUIRE(edge.counters.dropped_for(Drop::orphan) == 1);
  require_sums(edge);
}

TEST_CASE("codes beyond evdev's are dropped and counted") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(0);
  rig.press(768);
  rig.press(65535);
  REQUIRE(rig.take().empty());
  REQUIRE(rig.edge("typing").counters.dropped_for(Drop::invalid) == 3);
}

TEST_CASE("the up goes out when the last of two keyboards lets go") {
  Rig rig;
  rig.desk();
  rig.up(3, "second", {out_port(0, "keys")});
  rig.apply({pipeline("one", "keyboard", "desk"), pipeline("two", "second", "desk")});
  rig.press(kCtrl);
  rig.press(kCtrl, {3, 0});
  rig.lift(kCtrl);
  REQUIRE(rig.take() == "29+");
  rig.lift(kCtrl, {3, 0});
  REQUIRE(rig.take() == "29-");
}

TEST_CASE("the death of a source releases what it held behind what it sent") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kCtrl);
  rig.press(kA);
  rig.lift(kA);
  rig.router.device_down(1, rig.now);
  REQUIRE(rig.take() == "29+ 30+ 30- 29-");
}

TEST_CASE("the death of one keyboard keeps what the other holds") {
  Rig rig;
  rig.desk();
  rig.up(3, "second", {out_port(0, "keys")});
  rig.apply({pipeline("one", "keyboard", "desk"), pipeline("two", "second", "desk")});
  rig.press(kCtrl);
  rig.press(kCtrl, {3, 0});
  rig.take();
  rig.router.device_down(1, rig.now);
  REQUIRE(rig.take().empty());
  rig.lift(kCtrl, {3, 0});
  REQUIRE(rig.take() == "29-");
}

TEST_CASE("disabling or removing a pipeline releases its holds, enabling presses modifiers again") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kCtrl);
  rig.take();
  REQUIRE(rig.router.enable("typing", false, rig.now));
  REQUIRE(rig.take() == "29-");
  rig.press(kA);
  REQUIRE(rig.take().empty());
  REQUIRE(rig.router.enable("typing", true, rig.now));
  REQUIRE(rig.take() == "29+");
  rig.lift(kA);
  rig.press(kB);
  REQUIRE(rig.take() == "48+");
  REQUIRE(rig.router.enable("typing", false, rig.now));
  rig.lift(kCtrl);
  REQUIRE(rig.router.enable("typing", true, rig.now));
  REQUIRE(rig.take() == "29- 48-");
  rig.press(kC);
  REQUIRE(rig.router.remove("typing", rig.now));
  REQUIRE(rig.take() == "46+ 46-");
  REQUIRE(rig.router.stats().empty());
}

TEST_CASE("a reloaded remap cannot orphan a key that is down") {
  Rig rig;
  rig.desk();
  const auto plain = pipeline("typing", "keyboard", "desk");
  rig.apply({with_remap(plain, "KEY_CAPSLOCK", "KEY_LEFTCTRL")});
  rig.press(kCaps);
  REQUIRE(rig.take() == "29+");
  rig.apply({with_remap(plain, "KEY_CAPSLOCK", "KEY_A")});
  REQUIRE(rig.take().empty());
  rig.lift(kCaps);
  REQUIRE(rig.take() == "29-");
  rig.press(kCaps);
  rig.lift(kCaps);
  REQUIRE(rig.take() == "30+ 30-");
}

TEST_CASE("two keys that become one are one key with two holders") {
  Rig rig;
  rig.desk();
  rig.apply({with_remap(pipeline("typing", "keyboard", "desk"), "KEY_CAPSLOCK", "KEY_LEFTCTRL")});
  rig.press(kCaps);
  rig.press(kCtrl);
  rig.lift(kCaps);
  REQUIRE(rig.take() == "29+");
  rig.lift(kCtrl);
  REQUIRE(rig.take() == "29-");
}

TEST_CASE("a topic that leaves the filter takes its holds along") {
  Rig rig;
  rig.desk();
  auto spec = pipeline("typing", "keyboard", "desk");
  rig.apply({spec});
  rig.press(kCtrl);
  rig.take();
  spec.events = {"pointer_motion"};
  rig.apply({spec});
  REQUIRE(rig.take() == "29-");
}

TEST_CASE("a sink that comes back gets the modifiers still held, and only those") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kCtrl);
  rig.press(kA);
  rig.take();
  REQUIRE(rig.router.codes_to_release(2) == std::vector<std::uint16_t>{kCtrl, kA});
  rig.router.device_down(2, rig.now);
  REQUIRE(rig.host.gaps.size() == 1);
  REQUIRE(rig.host.gaps[0].lost == 2);
  REQUIRE(rig.host.gaps[0].reason == Drop::sink_gone);
  rig.press(42);  // KEY_LEFTSHIFT, while nobody is there
  rig.up(2, "desk", {in_port(0, "all")});
  REQUIRE(rig.take() == "29+ 42+");
  rig.lift(kA);
  rig.lift(kCtrl);
  rig.lift(42);
  REQUIRE(rig.take() == "29- 42-");
}

TEST_CASE("a modifier lifted while the sink was away stays up") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kCtrl);
  rig.take();
  rig.router.device_down(2, rig.now);
  rig.lift(kCtrl);
  rig.up(2, "desk", {in_port(0, "all")});
  REQUIRE(rig.take().empty());
}

TEST_CASE("cleanup concerns what is down and what was lifted without being applied") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kA);
  rig.press(kB);
  rig.lift(kA);
  rig.press(kC);
  REQUIRE(rig.take_one() == "30+");
  REQUIRE(rig.take_one() == "48+");
  rig.take_one();
  rig.router.applied({2, 0}, 2, rig.now);
  REQUIRE(rig.router.codes_to_release(2) == std::vector<std::uint16_t>{kA, kB});
  rig.router.applied({2, 0}, 3, rig.now);
  REQUIRE(rig.router.codes_to_release(2) == std::vector<std::uint16_t>{kB});
}

TEST_CASE("a source's input state releases what it no longer holds") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kA);
  rig.press(kCtrl);
  rig.take();
  InputState state;
  state.pressed = {kCtrl, kB};
  rig.send({1, 0}, state);
  REQUIRE(rig.take() == "30- state 29 48");
}

TEST_CASE("a sink that let go of everything gets the modifiers again") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kCtrl);
  rig.press(kA);
  rig.take();
  rig.router.applied({2, 0}, 2, rig.now);
  REQUIRE(rig.send_up({2, 0}, InputState{}));
  REQUIRE(rig.take() == "29+");
  rig.lift(kA);
  rig.lift(kCtrl);
  REQUIRE(rig.take() == "29-");
}

TEST_CASE("a link that was silent gets the modifiers that are still held when it goes on") {
  Rig rig;
  rig.up(1, "keyboard", {out_port(0, "keys")});
  rig.up(4, "server", {}, true);
  rig.router.port_up(4, of_peer(in_port(6, "laptop/keys")), rig.now);
  rig.apply({pipeline("typing", "keyboard", "link/laptop/keys")});
  rig.press(kCtrl);
  rig.press(kCaps + 1);  // KEY_F1
  rig.press(kMeta);
  rig.take(4);
  rig.router.applied({4, 6}, 3, rig.now);
  rig.router.pause({4, 6}, rig.now);
  REQUIRE(rig.send_up({4, 6}, InputState{}));
  REQUIRE(rig.take(4).empty());

  SECTION("those, and no others, before what is typed meanwhile") {
    rig.press(kC);
    rig.router.resume({4, 6}, rig.now);
    CHECK(rig.take(4) == "29+ 125+ 46+");
    rig.lift(kC);
    rig.lift(kCaps + 1);
    rig.lift(kMeta);
    rig.lift(kCtrl);
    CHECK(rig.take(4) == "46- 125- 29-");
  }
  SECTION("none that was lifted meanwhile, and no tap of it") {
    rig.lift(kMeta);
    rig.lift(kCaps + 1);
    rig.router.resume({4, 6}, rig.now);
    CHECK(rig.take(4) == "29+");
    rig.lift(kCtrl);
    CHECK(rig.take(4) == "29-");
  }
  SECTION("a modifier that something was typed with stays around it") {
    rig.press(kC);
    rig.lift(kC);
    rig.lift(kCtrl);
    rig.lift(kMeta);
    rig.router.resume({4, 6}, rig.now);
    CHECK(rig.take(4) == "29+ 125+ 46+ 46- 29- 125-");
  }
  SECTION("nothing where all was lifted") {
    rig.lift(kCtrl);
    rig.lift(kMeta);
    rig.router.resume({4, 6}, rig.now);
    CHECK(rig.take(4).empty());
    CHECK(rig.router.codes_to_release(4).empty());
  }
  for (const auto code : {kCtrl, kMeta, kC, std::uint16_t{kCaps + 1}}) rig.lift(code);
  rig.take(4);
  CHECK_FALSE(rig.host.held.at(1));
  require_sums(rig.edge("typing"));
}

TEST_CASE("a sink that says again and again that it let go makes the queue no longer") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kCtrl);
  rig.take();
  for (int i = 0; i < 100; ++i) REQUIRE(rig.send_up({2, 0}, InputState{}));
  REQUIRE(rig.take() == "29- 29+ 29- 29+");  // once, and what it said last
  rig.router.applied({2, 0}, 5, rig.now);
  rig.lift(kCtrl);
  REQUIRE(rig.take() == "29-");
}

TEST_CASE("what a sink may have got after letting go is lifted to be sure") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kCtrl);
  rig.press(kA);
  rig.take();
  REQUIRE(rig.send_up({2, 0}, InputState{}));  // nothing was applied yet
  REQUIRE(rig.take() == "30- 29- 29+");
  rig.lift(kA);
  rig.lift(kCtrl);
  REQUIRE(rig.take() == "29-");
}

TEST_CASE("release_all lets go everywhere") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kCtrl);
  rig.press(kLeft);
  rig.take();
  rig.router.release_all("the machine slept", rig.now);
  REQUIRE(rig.take() == "29- 272-");
}

TEST_CASE("the host knows through whom something is held") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kA);
  REQUIRE(rig.host.held[1]);
  REQUIRE(rig.host.held[2]);
  rig.take();
  rig.lift(kA);
  REQUIRE_FALSE(rig.host.held[1]);
  REQUIRE(rig.host.held[2]);  // until the up is on its way
  rig.take();
  REQUIRE_FALSE(rig.host.held[2]);
}

TEST_CASE("touch contacts end with a cancel") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("touch", "keyboard", "desk")});
  Touch touch;
  touch.id = 7;
  touch.phase = wire::TouchPhase::move;
  rig.send({1, 0}, touch);  // without its down
  touch.phase = wire::TouchPhase::down;
  rig.send({1, 0}, touch);
  rig.router.device_down(1, rig.now);
  REQUIRE(rig.take() == "touch 7 down touch 7 cancel");
}
