#include "tests/integration/x11/subjects.hpp"

#include <catch2/catch.hpp>

#include "tests/integration/x11/person.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

using Strokes = std::vector<std::string>;

constexpr std::uint16_t kA = 30;
constexpr std::uint16_t kB = 48;
const FakeKernel::Environment kWithXtest = {{"DKVM_CONFIG_CAPTURE_XTEST", "true"}};

}  // namespace

TEST_CASE("keys, buttons and motion come in order, in evdev's codes") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  person.tap(kA);
  person.click(1, true);
  person.move(5, -7);
  person.click(1, false);
  person.click(2, true);
  person.click(2, false);
  person.click(3, true);
  person.click(3, false);
  CHECK(source.strokes(9) ==
        Strokes{"+30", "-30", "+272", "motion 5,-7", "-272", "+274", "-274", "+273", "-273"});
}

TEST_CASE("a key that repeats goes down once") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  person.open_window();
  person.key(kA, true);
  std::size_t heard = 0;
  REQUIRE(eventually(kPatience, [&] { return (heard += person.heard().size()) >= 4; }));
  person.key(kA, false);
  person.tap(kB);
  CHECK(source.strokes(4) == Strokes{"+30", "-30", "+48", "-48"});
}

TEST_CASE("what programs inject is not captured") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  person.inject_key(kB, true);
  person.inject_key(kB, false);
  person.inject_move(3, 3);
  person.inject_click(4);
  person.tap(kA);
  CHECK(source.next_stroke() == "+30");
}

TEST_CASE("with capture_xtest it is, and clicks of the wheel are notches") {
  const Xvfb server;
  Source source(server, kWithXtest);
  Person person(server.display());
  person.inject_key(kB, true);
  for (unsigned button = 4; button <= 9; ++button) person.inject_click(button);
  person.inject_key(kB, false);
  CHECK(source.strokes(10) == Strokes{"+48", "scroll 0,120", "scroll 0,-120", "scroll -120,0",
                                      "scroll 120,0", "+275", "-275", "+276", "-276", "-48"});
}

TEST_CASE("injected positions count as the way between them, injected distances as they are") {
  const Xvfb server;
  Person person(server.display());
  person.place(100, 100);
  Source source(server, kWithXtest);
  for (const auto& [x, y, way] :
       {std::tuple{300, 200, "motion 200,100"}, {310, 190, "motion 10,-10"}}) {
    person.inject_place(x, y);
    CHECK(source.next_stroke() == way);
  }
  person.inject_move(4, 5);
  CHECK(source.next_stroke() == "motion 4,5");
  REQUIRE(source.ask(wire::GrabAction::grab, 2).granted);
  person.inject_move(6, 7);
  CHECK(source.next_stroke() == "motion 6,7");
}

TEST_CASE("a source says what is down already, and goes on to") {
  const Xvfb server;
  Person person(server.display());
  person.key(kA, true);
  FakeKernel kernel({DKVM_BIN_DIR "/dkvm-x11-input-source"}, on(server));
  kernel.greet();
  CHECK(kernel.wait_event<Key>().code == kA);
  CHECK(kernel.wait_event<InputState>().pressed == std::vector{kA});
  CHECK(kernel.wait_event<InputState>().pressed == std::vector{kA});
  person.key(kA, false);
  CHECK_FALSE(kernel.wait_event<Key>().down);
  CHECK(kernel.wait_event<InputState>().pressed.empty());
}

TEST_CASE("a source knows the locks of its desktop") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  person.tap(58);  // KEY_CAPSLOCK
  person.tap(69);  // KEY_NUMLOCK
  InputState state;
  do state = source.wait_event<InputState>();
  while (!state.caps_lock);
  CHECK(state.num_lock);
  CHECK_FALSE(state.scroll_lock);
}

TEST_CASE("a source tells of its monitors, and of their changes") {
  const Xvfb server;
  Source source(server);
  REQUIRE(source.geometry.monitors.size() == 1);
  CHECK(source.geometry.monitors[0]->name == "screen");
  CHECK(source.geometry.monitors[0]->width == 1280);
  CHECK(source.geometry.monitors[0]->height == 720);
  resize(server, 800, 600);
  Geometry geometry;
  do geometry = source.wait_event<Geometry>();
  while (geometry.monitors.at(0)->width != 800);
  CHECK(geometry.monitors[0]->height == 600);
}

TEST_CASE("another layout is nothing to a source, and another keyboard goes on") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  run_on(server, "setxkbmap de");
  person.tap(21);  // KEY_Y, a z in German
  CHECK(source.strokes(2) == Strokes{"+21", "-21"});
  person.key(kA, true);
  CHECK(source.next_stroke() == "+30");
  // It is taken from the desktop's keyboard: what it held is up.
  run_on(server, "xinput float 'Xvfb keyboard'");
  CHECK(source.next_stroke() == "-30");
}
