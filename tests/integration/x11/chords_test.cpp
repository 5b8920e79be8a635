#include "tests/integration/x11/subjects.hpp"

#include <catch2/catch.hpp>

#include "tests/integration/x11/person.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

using Strokes = std::vector<std::string>;

constexpr std::uint16_t kLeftCtrl = 29;
constexpr std::uint16_t kRightCtrl = 97;
constexpr std::uint16_t kLeftAlt = 56;
constexpr std::uint16_t kTwo = 3;
constexpr std::uint16_t kScrollLock = 70;
constexpr std::uint16_t kA = 30;
constexpr std::uint16_t kB = 48;

Strokes press(Person& person, const std::vector<std::uint16_t>& codes) {
  for (const auto code : codes) person.key(code, true);
  for (auto code = codes.rbegin(); code != codes.rend(); ++code) person.key(*code, false);
  // A key that the server holds still is on its way until the source has decided.
  Strokes heard;
  person.tap(kB);
  eventually(kPatience, [&] {
    for (auto& each : person.heard()) heard.push_back(std::move(each));
    return !heard.empty() && heard.back() == "-48";
  });
  if (heard.size() >= 2) heard.resize(heard.size() - 2);
  return heard;
}

}  // namespace

TEST_CASE("the last key of a chord does not reach the desktop, the source sees all of it") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  person.open_window();
  CHECK(source.prepare({{kLeftCtrl, kLeftAlt, kTwo}, {kScrollLock}}, {}).granted);
  CHECK(press(person, {kLeftCtrl, kLeftAlt, kTwo}) == Strokes{"+29", "+56", "-56", "-29"});
  CHECK(source.strokes(8) == Strokes{"+29", "+56", "+3", "-3", "-56", "-29", "+48", "-48"});
  CHECK(press(person, {kScrollLock}).empty());
  CHECK(person.down().empty());

  // With the locks on, too.
  person.tap(58);
  person.tap(69);
  person.heard();
  CHECK(press(person, {kLeftAlt, kLeftCtrl, kTwo}) == Strokes{"+56", "+29", "-29", "-56"});
}

TEST_CASE("what is no chord reaches the desktop") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  person.open_window();
  REQUIRE(source.prepare({{kLeftCtrl, kLeftAlt, kTwo}}, {}).granted);
  CHECK(press(person, {kTwo}) == Strokes{"+3", "-3"});
  CHECK(press(person, {kLeftCtrl, kTwo}) == Strokes{"+29", "+3", "-3", "-29"});
  CHECK(press(person, {kRightCtrl, kLeftAlt, kTwo}) ==
        Strokes{"+97", "+56", "+3", "-3", "-56", "-97"});
  CHECK(press(person, {kLeftCtrl, kLeftAlt, kA, kTwo}) ==
        Strokes{"+29", "+56", "+30", "+3", "-3", "-30", "-56", "-29"});
  // A later prepare takes the place of the earlier.
  REQUIRE(source.prepare({}, {}, 2).granted);
  CHECK(press(person, {kLeftCtrl, kLeftAlt, kTwo}) ==
        Strokes{"+29", "+56", "+3", "-3", "-56", "-29"});
}

TEST_CASE("a chord of other keys than modifiers is kept as well") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  person.open_window();
  REQUIRE(source.prepare({{kA, kTwo}}, {}).granted);
  CHECK(press(person, {kTwo}) == Strokes{"+3", "-3"});
  CHECK(press(person, {kA, kTwo}) == Strokes{"+30", "-30"});
}

TEST_CASE("what a program injects is no chord") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  person.open_window();
  REQUIRE(source.prepare({{kScrollLock}}, {}).granted);
  person.inject_key(kScrollLock, true);
  person.inject_key(kScrollLock, false);
  CHECK(press(person, {}) == Strokes{"+70", "-70"});
}

TEST_CASE("with capture_xtest it is") {
  const Xvfb server;
  Source source(server, {{"DKVM_CONFIG_CAPTURE_XTEST", "true"}});
  Person person(server.display());
  person.open_window();
  REQUIRE(source.prepare({{kLeftCtrl, kTwo}}, {}).granted);
  for (const auto code : {kLeftCtrl, kTwo}) person.inject_key(code, true);
  for (const auto code : {kTwo, kLeftCtrl}) person.inject_key(code, false);
  CHECK(press(person, {}) == Strokes{"+29", "-29"});
}

TEST_CASE("the input can be taken while the chord for it is still held") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  person.open_window();
  REQUIRE(source.prepare({{kLeftCtrl, kLeftAlt, kTwo}}, {}).granted);
  for (const auto code : {kLeftCtrl, kLeftAlt, kTwo}) person.key(code, true);
  CHECK(source.ask(wire::GrabAction::grab, 2).granted);
  person.heard();
  for (const auto code : {kTwo, kLeftAlt, kLeftCtrl}) person.key(code, false);
  CHECK(source.strokes(3) == Strokes{"-3", "-56", "-29"});
  person.tap(kA);
  CHECK(source.strokes(2) == Strokes{"+30", "-30"});
  for (const auto& each : person.heard()) CHECK(each[0] == '~');
}

TEST_CASE("a chord that another program has is said to be, and seen all the same") {
  const Xvfb server;
  Person person(server.display());
  ::XGrabKey(person.display(), kScrollLock + 8, AnyModifier, DefaultRootWindow(person.display()),
             False, GrabModeAsync, GrabModeAsync);
  ::XSync(person.display(), False);
  Source source(server);
  const auto answer = source.prepare({{kScrollLock}, {kLeftCtrl, kTwo}}, {});
  CHECK(answer.granted);
  CHECK(answer.reason == "another program gets 1 hotkeys too");
  person.tap(kScrollLock);
  CHECK(source.strokes(2) == Strokes{"+70", "-70"});
}

TEST_CASE("a chord is kept with the modifiers of another layout") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  person.open_window();
  REQUIRE(source.prepare({{kLeftCtrl, kLeftAlt, kTwo}}, {}).granted);
  run_on(server, "setxkbmap de -option altwin:swap_alt_win");
  CHECK(eventually(kPatience, [&] {
    return press(person, {kLeftCtrl, kLeftAlt, kTwo}) == Strokes{"+29", "+56", "-56", "-29"};
  }));
}
