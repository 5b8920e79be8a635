#include "tests/integration/x11/subjects.hpp"

#include <catch2/catch.hpp>

#include "tests/integration/x11/person.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

using Strokes = std::vector<std::string>;
using Down = std::vector<int>;

constexpr std::uint16_t kA = 30;
constexpr std::uint16_t kLeftShift = 42;
constexpr std::uint16_t kAltGr = 100;
constexpr std::uint16_t kQ = 16;
constexpr std::uint16_t kLeft = 0x110;
constexpr std::uint16_t kSide = 0x113;

void tap(Sink& sink, std::uint16_t code) {
  sink.event(kInput, key(code, true));
  sink.play(key(code, false));
}

}  // namespace

TEST_CASE("keys and buttons go down and up on the desktop") {
  const Xvfb server;
  Sink sink(server);
  Person person(server.display());
  const auto is_down = [&](const Down& expected) {
    return eventually(kPatience, [&] { return person.down() == expected; });
  };
  sink.event(kInput, key(kLeftShift, true));
  sink.event(kInput, key(kA, true));
  sink.play(button(kLeft, true));
  CHECK(is_down({kA, kLeftShift, 1001}));
  sink.event(kInput, key(kA, false));
  sink.play(key(kLeftShift, false));
  CHECK(is_down({1001}));
  sink.play(button(kLeft, false));
  CHECK(is_down({}));
}

TEST_CASE("a thousand Ctrl-clicks arrive as Ctrl-clicks") {
  const Xvfb server;
  Sink sink(server);
  Person person(server.display());
  person.open_window();
  for (int i = 0; i < 1000; ++i) {
    sink.event(kInput, key(29, true));
    sink.event(kInput, button(kLeft, true));
    sink.event(kInput, button(kLeft, false));
    sink.event(kInput, key(29, false));
  }
  sink.wait_applied(kInput);
  Strokes heard;
  REQUIRE(eventually(kPatience, [&] {
    for (auto& each : person.heard()) heard.push_back(std::move(each));
    return heard.size() >= 4000;
  }));
  std::size_t right = 0;
  for (std::size_t i = 0; i + 3 < heard.size(); i += 4)
    right += heard[i] == "+29" && heard[i + 1] == "+b1" && heard[i + 2] == "-b1" &&
             heard[i + 3] == "-29";
  CHECK(right == 1000);
}

TEST_CASE("the pointer goes by relative motion, of fractions too, and to positions of any scale") {
  const Xvfb server;
  Sink sink(server);
  Person person(server.display());
  const auto is_at = [&](int x, int y) {
    return eventually(kPatience, [&] { return person.pointer() == Person::At{x, y}; });
  };
  sink.play(motion_to(100, 50, 1280, 720));
  CHECK(is_at(100, 50));
  sink.play(motion_by(-10, 5));
  CHECK(is_at(90, 55));
  for (int i = 0; i < 12; ++i) sink.event(kInput, motion_by(0.25, -0.5));
  sink.play(motion_by(0, 0));
  CHECK(is_at(93, 49));
  sink.play(motion_to(50, 25, 100, 100));
  CHECK(is_at(640, 180));
  sink.play(motion_to(1e300, -5, 1280, 720));
  CHECK(is_at(1279, 0));
  sink.play(motion_by(-1e300, 0));
  CHECK(is_at(0, 0));
}

TEST_CASE("the wheel turns by notches, and what is less than one is kept") {
  const Xvfb server;
  Sink sink(server);
  Person person(server.display());
  person.open_window();
  for (int i = 0; i < 12; ++i) sink.event(kInput, scroll(0, 30));
  for (int i = 0; i < 3; ++i) sink.event(kInput, scroll(-80, 0));
  sink.event(kInput, scroll(0, -240));
  sink.play(scroll(120, 0));
  Strokes heard;
  REQUIRE(eventually(kPatience, [&] {
    for (auto& each : person.heard()) heard.push_back(std::move(each));
    return heard.size() >= 16;
  }));
  CHECK(heard == Strokes{"+b4", "-b4", "+b4", "-b4", "+b4", "-b4", "+b6", "-b6", "+b6", "-b6",
                         "+b5", "-b5", "+b5", "-b5", "+b7", "-b7"});
}

TEST_CASE("the physical key arrives, whatever the layout makes of it: AltGr and dead keys") {
  const Xvfb server;
  run_on(server, "setxkbmap de");
  Sink sink(server);
  Person person(server.display());
  person.open_window();
  sink.event(kInput, key(kAltGr, true));
  tap(sink, kQ);
  sink.play(key(kAltGr, false));
  tap(sink, 21);  // KEY_Y
  tap(sink, 13);  // KEY_EQUAL
  std::string typed;
  CHECK(eventually(kPatience, [&] {
    typed += person.typed();
    return typed.find("dead") != std::string::npos;
  }));
  CHECK(typed == "<ISO_Level3_Shift>@z<dead_acute>");
}

TEST_CASE("codes that X has none for are left out, and it is said once") {
  const Xvfb server;
  Sink sink(server);
  Person person(server.display());
  sink.event(kInput, key(248, true));
  sink.event(kInput, key(700, true));
  sink.event(kInput, button(0x14a, true));
  sink.event(kInput, button(0x11f, true));
  sink.event(kInput, key(247, true));
  sink.play(button(kSide, true));
  CHECK(eventually(kPatience, [&] { return person.down() == Down{247}; }));
  const std::string log = sink.drain_log();
  const auto first = log.find("no code for");
  REQUIRE(first != std::string::npos);
  CHECK(log.find("no code for", first + 1) == std::string::npos);
}

TEST_CASE("what a sink holds is up when it ends, and when its kernel is silent") {
  const Xvfb server;
  Person person(server.display());
  const std::function<void(FakeKernel&)> ends[] = {
      [](FakeKernel& kernel) { kernel.stop(); },
      [](FakeKernel& kernel) { kernel.close(); },
      [](FakeKernel& kernel) { ::kill(kernel.pid(), SIGTERM); },
      [](FakeKernel& kernel) { kernel.wait_log("everything held is let go"); },
  };
  for (const auto& end : ends) {
    auto welcome = FakeKernel::default_welcome();
    welcome.silence_ms = 2000;
    Sink sink(server, std::move(welcome));
    sink.event(kInput, key(kLeftShift, true));
    sink.play(button(kLeft, true));
    CHECK(eventually(kPatience, [&] { return person.down() == Down{kLeftShift, 1001}; }));
    end(sink);
    CHECK(eventually(kPatience, [&] { return person.down().empty(); }));
  }
}

TEST_CASE("cleanup releases what XTEST has down of the codes that it is given, nothing else") {
  const Xvfb server;
  Person person(server.display());
  {
    Sink sink(server);
    sink.event(kInput, key(kLeftShift, true));
    sink.event(kInput, key(kA, true));
    sink.play(button(kLeft, true));
    CHECK(eventually(kPatience, [&] { return person.down() == Down{kA, kLeftShift, 1001}; }));
    ::kill(sink.pid(), SIGKILL);
    sink.wait_exit();
  }
  person.key(kQ, true);         // a finger has this one
  person.inject_key(44, true);  // and another program this one
  FakeKernel cleaner({DKVM_BIN_DIR "/dkvm-x11-input-sink", "--cleanup"},
                     on(server, {{"DKVM_CLEANUP_CODES", "42,30,272,16,31,700"}}));
  CHECK(cleaner.wait_exit() == 0);
  CHECK(person.down() == Down{kQ, 44});
}

TEST_CASE("a sink tells of its monitors and lamps, and of their changes") {
  const Xvfb server;
  Sink sink(server);
  REQUIRE(sink.geometry.monitors.size() == 1);
  CHECK(sink.geometry.monitors[0]->width == 1280);
  CHECK_FALSE(sink.locks.caps_lock);
  Person person(server.display());
  person.tap(58);  // KEY_CAPSLOCK
  CHECK(sink.wait_upstream<LockState>().caps_lock);
  sink.event(kInput, key(69, true));  // KEY_NUMLOCK
  sink.event(kInput, key(69, false));
  CHECK(sink.wait_upstream<LockState>().num_lock);
  resize(server, 640, 480);
  Geometry geometry;
  do geometry = sink.wait_upstream<Geometry>();
  while (geometry.monitors.at(0)->width != 640);
  sink.play(motion_to(50, 50, 100, 100));
  CHECK(eventually(kPatience, [&] { return person.pointer() == Person::At{320, 240}; }));
}

TEST_CASE("positions land where they should once the desktop has another size") {
  const Xvfb server;
  Sink sink(server);
  Person person(server.display());
  const auto lands = [&](int x, int y) {
    sink.play(motion_to(50, 25, 100, 100));
    return eventually(kPatience, [&] { return person.pointer() == Person::At{x, y}; });
  };
  CHECK(lands(640, 180));
  resize(server, 800, 600);
  sink.wait_geometry(800, 600);
  CHECK(lands(400, 150));
  sink.play(motion_to(99, 99, 100, 100));
  CHECK(eventually(kPatience, [&] { return person.pointer() == Person::At{792, 594}; }));
  resize(server, 1024, 400);
  sink.wait_geometry(1024, 400);
  CHECK(lands(512, 100));
}
