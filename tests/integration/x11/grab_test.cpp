#include "tests/integration/x11/subjects.hpp"

#include <catch2/catch.hpp>

#include "tests/integration/x11/person.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

using Strokes = std::vector<std::string>;
using wire::GrabAction;

constexpr std::uint16_t kA = 30;
constexpr std::uint16_t kB = 48;
constexpr std::uint16_t kLeftCtrl = 29;

// Whoever types gets it home.
bool is_home(Person& person) {
  person.heard();
  person.tap(kB);
  return person.heard() == Strokes{"+48", "-48"};
}

}  // namespace

TEST_CASE("while the input is grabbed the desktop gets nothing, and its pointer stays") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  person.open_window();
  person.place(300, 200);
  CHECK(is_home(person));
  REQUIRE(source.ask(GrabAction::grab, 7).granted);
  person.heard();
  person.tap(kA);
  person.move(50, 60);
  person.click(1, true);
  person.click(1, false);
  CHECK(source.strokes(5) == Strokes{"+30", "-30", "motion 50,60", "+272", "-272"});
  CHECK(person.heard().empty());
  CHECK(person.pointer() == Person::At{300, 200});

  Grab back;
  back.action = GrabAction::release;
  back.epoch = 7;
  back.warp = true;
  back.x = 1279;
  back.y = 33;
  source.upstream(kKeyboard, back);
  CHECK(eventually(kPatience, [&] { return is_home(person); }));
  CHECK(person.pointer() == Person::At{1279, 33});
}

TEST_CASE("keys before the grab come before its answer, and those after it after") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  person.open_window();
  Grab grab;
  grab.action = GrabAction::grab;
  grab.epoch = 1;
  grab.lease_ms = kLongLeaseMs;
  source.upstream(kKeyboard, grab);
  for (int i = 0; i < 300; ++i) person.tap(kA);
  std::size_t before = 0, after = 0;
  bool granted = false;
  while (before + after < 600) {
    const auto frame = source.wait(wire::FrameKind::event);
    if (frame.is(wire::Topic::grabbed)) granted = frame.as<Grabbed>().granted;
    if (frame.is(wire::Topic::key)) ++(granted ? after : before);
  }
  CHECK(granted);
  CHECK(after > 0);
  std::size_t home = 0;
  for (const auto& stroke : person.heard()) home += stroke[0] == '~' ? 0 : 1;
  CHECK(home == before);
}

TEST_CASE("a key that is held when the grab begins is up for both sides once it is lifted") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  person.open_window();
  person.key(kLeftCtrl, true);
  person.key(kA, true);
  REQUIRE(source.ask(GrabAction::grab, 1).granted);
  Strokes heard;
  CHECK(eventually(kPatience, [&] {
    for (auto& each : person.heard()) heard.push_back(std::move(each));
    return heard.size() >= 4;
  }));
  CHECK(heard == Strokes{"+29", "+30", "~29", "~30"});
  person.key(kA, false);
  person.key(kLeftCtrl, false);
  CHECK(source.strokes(2) == Strokes{"-30", "-29"});
  source.release(1);
  CHECK(eventually(kPatience, [&] { return is_home(person); }));
  CHECK(person.down().empty());
}

TEST_CASE("a desktop whose keyboard another program has refuses the grab, and says why") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  REQUIRE(person.grab_keyboard());
  const auto refused = source.ask(GrabAction::grab, 3);
  CHECK(refused.epoch == 3);
  CHECK_FALSE(refused.granted);
  CHECK_THAT(refused.reason, Catch::Contains("grabbing the keyboard: another program has it"));
  person.ungrab_keyboard();
  CHECK(source.ask(GrabAction::grab, 4).granted);
}

TEST_CASE("a drag refuses the grab, and leaves the keyboard at home") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  person.open_window();
  person.click(1, true);
  const auto refused = source.ask(GrabAction::grab, 3);
  CHECK_FALSE(refused.granted);
  CHECK_THAT(refused.reason, Catch::Contains("grabbing the pointer: another program has it"));
  CHECK(is_home(person));
  person.click(1, false);
  CHECK(source.ask(GrabAction::grab, 4).granted);
}

TEST_CASE("a menu that closes at once does not refuse the grab") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  REQUIRE(person.grab_keyboard());
  Grab grab;
  grab.action = GrabAction::grab;
  grab.epoch = 5;
  grab.lease_ms = kLongLeaseMs;
  source.upstream(kKeyboard, grab);
  person.ungrab_keyboard();
  CHECK(source.wait_event<Grabbed>().granted);
}

TEST_CASE("a lease that is not renewed runs out") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  person.open_window();
  REQUIRE(source.ask(GrabAction::grab, 9, 100).granted);
  const auto over = source.wait_event<Grabbed>();
  CHECK(over.epoch == 9);
  CHECK_FALSE(over.granted);
  CHECK(over.reason == "the lease ran out");
  CHECK(is_home(person));
}

TEST_CASE("a lease that is renewed does not, and renewals of another grab are nothing to it") {
  const Xvfb server;
  Source source(server);
  REQUIRE(source.ask(GrabAction::grab, 9, 60).granted);
  Grab renew;
  renew.action = GrabAction::renew;
  renew.epoch = 9;
  renew.lease_ms = kLongLeaseMs;
  source.upstream(kKeyboard, renew);
  const auto begin = now_ns();
  renew.epoch = 8;
  renew.lease_ms = 1;
  source.upstream(kKeyboard, renew);
  InputState state;  // one a second: longer than the leases that do not count
  while (now_ns() < begin + 1'000'000'000) source.wait_event<InputState>();
  source.release(8);
  Person person(server.display());
  person.open_window();
  CHECK_FALSE(is_home(person));
}

TEST_CASE("the panic chord gives the input back with no help from anyone") {
  const Xvfb server;
  const bool own = GENERATE(false, true);
  const auto chord =
      own ? std::vector<std::uint16_t>{119, 70} : std::vector<std::uint16_t>{42, 1, 97, 54, 29};
  Source source(server, own ? FakeKernel::Environment{{"DKVM_CONFIG_PANIC__0", "KEY_PAUSE"},
                                                      {"DKVM_CONFIG_PANIC__1", "70"}}
                            : FakeKernel::Environment{});
  Person person(server.display());
  person.open_window();
  REQUIRE(source.ask(GrabAction::grab, 2).granted);
  for (const auto code : chord) person.key(code, true);
  const auto over = source.wait_event<Grabbed>();
  CHECK_FALSE(over.granted);
  CHECK(over.reason == "the panic chord");
  for (const auto code : chord) person.key(code, false);
  CHECK(is_home(person));
  CHECK(person.down().empty());
}

TEST_CASE("however a source ends, its desktop has the input back") {
  const Xvfb server;
  Person person(server.display());
  person.open_window();
  const std::function<void(FakeKernel&)> ends[] = {
      [](FakeKernel& kernel) { kernel.stop(); },
      [](FakeKernel& kernel) { kernel.close(); },
      [](FakeKernel& kernel) { ::kill(kernel.pid(), SIGTERM); },
      [](FakeKernel& kernel) { ::kill(kernel.pid(), SIGKILL); },
  };
  for (const auto& end : ends) {
    Source source(server);
    REQUIRE(source.ask(GrabAction::grab, 2).granted);
    CHECK_FALSE(is_home(person));
    end(source);
    source.wait_exit();
    CHECK(eventually(kPatience, [&] { return is_home(person); }));
  }
}

TEST_CASE("lamps of a source that was killed abroad are again as they were once it is back") {
  const Xvfb server;
  Person person(server.display());
  person.tap(69);  // KEY_NUMLOCK
  REQUIRE(person.lamp("Num Lock"));
  LockState locks;
  locks.caps_lock = true;
  const auto are_away = [&] { return person.lamp("Caps Lock") && !person.lamp("Num Lock"); };
  {
    Source source(server);
    REQUIRE(source.ask(GrabAction::grab, 2).granted);
    source.upstream(kKeyboard, locks);
    REQUIRE(eventually(kPatience, are_away));
    const Source beside(server);  // which starts while they are the first one's
    CHECK(are_away());
    ::kill(source.pid(), SIGKILL);
    source.wait_exit();
  }
  CHECK(are_away());
  SECTION("as it had set them") {
    const Source again(server);
    CHECK(eventually(kPatience,
                     [&] { return !person.lamp("Caps Lock") && person.lamp("Num Lock"); }));
  }
  SECTION("unless somebody has set them otherwise since") {
    person.tap(69);
    const Source again(server);
    CHECK(person.lamp("Caps Lock"));
    CHECK(person.lamp("Num Lock"));
  }
}

TEST_CASE("while abroad the lamps are the target's, and at home they are as they were") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  person.open_window();
  person.tap(69);  // KEY_NUMLOCK
  REQUIRE(person.lamp("Num Lock"));
  REQUIRE(source.ask(GrabAction::grab, 2).granted);
  LockState locks;
  locks.caps_lock = true;
  source.upstream(kKeyboard, locks);
  CHECK(
      eventually(kPatience, [&] { return person.lamp("Caps Lock") && !person.lamp("Num Lock"); }));
  source.release(2);
  CHECK(
      eventually(kPatience, [&] { return !person.lamp("Caps Lock") && person.lamp("Num Lock"); }));
}
