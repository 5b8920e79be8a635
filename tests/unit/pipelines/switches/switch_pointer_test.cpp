#include "tests/unit/pipelines/switches/switch_rig.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::test;

TEST_CASE("The pointer is where the group has it: at places of the target") {
  SwitchRig rig;
  rig.begin();
  rig.show_screens();
  rig.go(kTwo);
  rig.press(kMeta);
  rig.lift(kMeta);
  rig.take(2);
  rig.move(10, -20);
  CHECK(rig.take(2) == "to(510,230)");
  rig.move(1, 1);
  rig.move(1, 1);
  CHECK(rig.take(2) == "to(512,232)");  // the latest place is enough
  rig.move(-5000, 0);
  CHECK(rig.at() == "local");
}

TEST_CASE("It comes in at a place before anything is pressed") {
  SwitchRig rig;
  rig.begin();
  REQUIRE(rig.send_up({2, 0}, geometry(1000, 500)));
  rig.press(kMeta);
  REQUIRE(rig.router.select("desk", {"laptop"}, rig.now));
  rig.grant();
  CHECK(rig.take(2) == "to(500,250) 125+");
}

TEST_CASE("A target that wants ways gets ways, and so does one of unknown shape") {
  SwitchRig rig;
  const bool relative = GENERATE(false, true);
  rig.spec.targets[1].relative = relative;
  rig.begin();
  if (relative) REQUIRE(rig.send_up({2, 0}, geometry(1000, 500)));
  rig.go(kTwo);
  rig.move(3, 4);
  CHECK(rig.take(2) == "by(3,4)");
}

TEST_CASE("Geometry that was said before the switch was there is known to it") {
  SwitchRig rig;
  REQUIRE(rig.send_up({2, 0}, geometry(1000, 500)));
  rig.begin();
  rig.go(kTwo);
  rig.move(1, 0);
  CHECK(rig.take(2) == "to(501,250)");
}

TEST_CASE("The source is told which stretches of its border lead somewhere") {
  SwitchRig rig;
  rig.begin();
  rig.grabs();
  rig.send(SwitchRig::kKeyboard, geometry(1920, 1080));
  const auto grabs = rig.grabs();
  REQUIRE(grabs.size() == 1);
  CHECK(grabs[0].action == wire::GrabAction::prepare);
  REQUIRE(grabs[0].edges.size() == 1);
  CHECK(grabs[0].edges[0]->side == wire::Side::right);
  CHECK(grabs[0].edges[0]->from == 16);
  CHECK(grabs[0].edges[0]->to == 1064);
  REQUIRE(grabs[0].chords.size() == 5);
  CHECK(grabs[0].chords[1]->codes == std::vector<std::uint16_t>{kCtrl, kAlt, kTwo});
}

TEST_CASE("A push at the border crosses to the neighbour, and back at the matching point") {
  SwitchRig rig;
  rig.begin();
  rig.show_screens(1000, 541);
  rig.asked();
  rig.push_edge(true, 540);
  rig.grant();
  CHECK(rig.at() == "laptop");
  CHECK(rig.take(2) == "to(0,270)");
  rig.move(-3, 0);
  CHECK(rig.at() == "local");
  CHECK(rig.asked() == "release(1919,539)");
}

TEST_CASE("A modifier that is held while the pointer crosses is held over there, and back") {
  SwitchRig rig;
  rig.begin();
  rig.show_screens();
  rig.asked();
  rig.press(kCtrl);
  rig.push_edge(true);
  rig.grant();
  CHECK(rig.take(2) == "to(0,231) 29+");
  rig.move(-3, 0);
  CHECK(rig.at() == "local");
  CHECK(rig.take(2) == "29-");
}

TEST_CASE("With a delay the pointer has to push that long") {
  SwitchRig rig;
  rig.spec.delay_ns = 250 * kMs;
  rig.begin();
  rig.send(SwitchRig::kKeyboard, geometry(1920, 1080));
  rig.asked();
  rig.push_edge(true);
  rig.pass(249 * kMs);
  CHECK(rig.asked().empty());
  SECTION("and not a bit less") {
    rig.push_edge(false);
    rig.pass(kSecond);
    CHECK(rig.asked().empty());
  }
  SECTION("and no longer") {
    rig.pass(1 * kMs);
    CHECK(rig.asked() == "grab");
  }
}

TEST_CASE("A lock or a drag that begins during the delay keeps the pointer") {
  SwitchRig rig;
  rig.spec.delay_ns = 250 * kMs;
  rig.begin();
  rig.show_screens();
  rig.go(kTwo);
  rig.move(-5000, 0);
  rig.pass(200 * kMs);
  SECTION("a lock") {
    rig.press(kCtrl);
    rig.press(38);
    CHECK(rig.status().locked);
  }
  SECTION("a drag") { rig.click(true); }
  rig.pass(kSecond);
  CHECK(rig.at() == "laptop");
}

TEST_CASE("Abroad the delay is the same") {
  SwitchRig rig;
  rig.spec.delay_ns = 250 * kMs;
  rig.begin();
  rig.show_screens();
  rig.go(kTwo);
  rig.move(-5000, 0);
  rig.pass(200 * kMs);
  SECTION("away from the border again it does not cross") {
    rig.move(5, 0);
    rig.pass(kSecond);
    CHECK(rig.at() == "laptop");
  }
  SECTION("along the border it does") {
    rig.move(0, 5);
    rig.pass(50 * kMs);
    CHECK(rig.at() == "local");
  }
}

TEST_CASE("Corners do not cross") {
  SwitchRig rig;
  rig.begin();
  rig.show_screens();
  rig.go(kTwo);
  rig.move(0, -5000);
  rig.move(-5000, 0);
  CHECK(rig.at() == "laptop");
  rig.move(0, 16);
  rig.move(-1, 0);
  CHECK(rig.at() == "local");
}

TEST_CASE("What is dragged does not cross") {
  SwitchRig rig;
  rig.begin();
  rig.send(SwitchRig::kKeyboard, geometry(1920, 1080));
  rig.asked();
  rig.click(true);
  rig.push_edge(true);
  CHECK(rig.asked().empty());
  rig.click(false);
  rig.push_edge(true);
  CHECK(rig.asked() == "grab");
}
