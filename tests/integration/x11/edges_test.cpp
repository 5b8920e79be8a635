#include "tests/integration/x11/subjects.hpp"

#include <catch2/catch.hpp>

#include <poll.h>

#include "tests/integration/x11/person.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

using wire::Side;

constexpr int kAgainMs = 60;  // a push at the same place is news after 50 ms

wire::EdgeT edge(Side side, std::uint32_t from, std::uint32_t to) {
  wire::EdgeT made;
  made.side = side;
  made.from = from;
  made.to = to;
  return made;
}

std::string words(const EdgePush& push) {
  return std::to_string(push.epoch) + ": " + std::to_string(push.edge) +
         (push.pushing ? " pushed at " : " left at ") + std::to_string(push.at);
}

}  // namespace

TEST_CASE("pushes against all four sides are told where they are, and that they end") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  REQUIRE(source
              .prepare({},
                       {edge(Side::left, 0, 720), edge(Side::right, 0, 720),
                        edge(Side::top, 0, 1280), edge(Side::bottom, 0, 1280)},
                       6)
              .granted);
  const struct {
    Person::At at, by;
    std::string pushed, left;
  } cases[] = {
      {{3, 100}, {-10, 0}, "6: 0 pushed at 100", "6: 0 left at 100"},
      {{1275, 719}, {10, 0}, "6: 1 pushed at 719", "6: 1 left at 719"},
      {{640, 2}, {0, -10}, "6: 2 pushed at 640", "6: 2 left at 640"},
      {{50, 718}, {0, 10}, "6: 3 pushed at 50", "6: 3 left at 50"},
  };
  for (const auto& each : cases) {
    person.place(each.at.x, each.at.y);
    person.move(each.by.x, each.by.y);
    CHECK(words(source.wait_event<EdgePush>()) == each.pushed);
    person.move(-each.by.x, -each.by.y);
    CHECK(words(source.wait_event<EdgePush>()) == each.left);
  }
}

TEST_CASE("a pointer that goes on pushing at one place is told again, while it pushes") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  REQUIRE(source.prepare({}, {edge(Side::right, 0, 720)}, 6).granted);
  person.place(1275, 100);
  for (int i = 0; i < 3; ++i) {
    person.move(10, 0);
    CHECK(words(source.wait_event<EdgePush>()) == "6: 0 pushed at 100");
    ::poll(nullptr, 0, kAgainMs);
  }
}

TEST_CASE("beside the stretch, by injection and while the input is away nothing pushes") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  REQUIRE(source.prepare({}, {edge(Side::right, 100, 200)}).granted);
  person.place(1279, 99);
  person.move(5, 0);
  person.place(1279, 200);
  person.move(5, 0);
  person.place(1279, 150);
  person.inject_move(5, 0);
  person.move(-1, 0);
  REQUIRE(source.ask(wire::GrabAction::grab, 2).granted);
  person.move(20, 0);
  CHECK(source.next_stroke() == "motion 20,0");
  source.release(2);
  // Typing arrives once it is home; the first push there is the first that is told.
  person.open_window();
  REQUIRE(eventually(kPatience, [&] {
    person.tap(30);
    return !person.heard().empty();
  }));
  person.place(1000, 160);
  person.move(400, 0);
  CHECK(words(source.wait_event<EdgePush>()) == "1: 0 pushed at 160");
}

TEST_CASE("a device that places the pointer on the border pushes") {
  const Xvfb server;
  Source source(server, {{"DKVM_CONFIG_CAPTURE_XTEST", "true"}});
  Person person(server.display());
  REQUIRE(source.prepare({}, {edge(Side::right, 0, 720)}).granted);
  person.inject_place(600, 300);
  person.inject_place(1279, 310);
  CHECK(words(source.wait_event<EdgePush>()) == "1: 0 pushed at 310");
  person.inject_place(1270, 310);
  CHECK(words(source.wait_event<EdgePush>()) == "1: 0 left at 310");
}

TEST_CASE("a border moves with the size of the desktop") {
  const Xvfb server;
  Source source(server);
  Person person(server.display());
  REQUIRE(source.prepare({}, {edge(Side::right, 0, 600)}).granted);
  resize(server, 800, 600);
  Geometry geometry;
  do geometry = source.wait_event<Geometry>();
  while (geometry.monitors.at(0)->width != 800);
  person.place(790, 20);
  person.move(15, 0);
  CHECK(words(source.wait_event<EdgePush>()) == "1: 0 pushed at 20");
}
