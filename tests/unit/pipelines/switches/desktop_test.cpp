#include "pipelines/switches/layout.hpp"
#include "tests/support/seed.hpp"

#include <dkvm/payload.hpp>

#include <catch2/catch.hpp>

#include <limits>
#include <random>

using namespace dkvm;
using namespace dkvm::detail;

namespace {

struct At {
  std::int32_t x, y;
  std::uint32_t width, height;
};

Desktop desktop(const std::vector<At>& monitors) {
  Geometry geometry;
  for (const At& each : monitors) {
    auto monitor = std::make_unique<wire::MonitorT>();
    monitor->x = each.x;
    monitor->y = each.y;
    monitor->width = each.width;
    monitor->height = each.height;
    geometry.monitors.push_back(std::move(monitor));
  }
  PayloadWriter writer;
  return Desktop(view_table<wire::Geometry>(writer.write(geometry)));
}

SwitchSpec of(std::vector<std::string> targets, std::vector<Neighbour> layout) {
  SwitchSpec spec;
  for (std::string& name : targets) spec.targets.push_back({std::move(name), "", false});
  spec.layout = std::move(layout);
  return spec;
}

}  // namespace

TEST_CASE("A desktop without monitors, or of none that can be, is unknown") {
  CHECK_FALSE(desktop({}).known());
  CHECK_FALSE(desktop({{0, 0, 0, 100}}).known());
  CHECK_FALSE(desktop({{0, 0, 4'000'000'000u, 100}}).known());
  CHECK_FALSE(desktop({{std::numeric_limits<std::int32_t>::min(), 0, 100, 100}}).known());
}

TEST_CASE("A pointer stays on the monitors and stops at their borders") {
  const Desktop two = desktop({{0, 0, 1920, 1080}, {1920, 0, 1280, 720}});
  Pointer pointer(two);
  CHECK(pointer.at() == Point{960, 540});
  CHECK_FALSE(pointer.move(900, 400, two));
  CHECK(pointer.at() == Point{1860, 940});
  CHECK_FALSE(pointer.move(100, 0, two));  // beside it there is no monitor at this height
  CHECK(pointer.at() == Point{1919, 940});
  const auto push = pointer.move(0, 300, two);
  REQUIRE(push);
  CHECK(push->side == Side::bottom);
  CHECK(push->along == 1919);
  CHECK(pointer.at() == Point{1919, 1079});
}

TEST_CASE("What pushes further than the other side counts") {
  const Desktop one = desktop({{0, 0, 100, 100}});
  Pointer pointer(one);
  const auto push = pointer.move(-200, -60, one);
  REQUIRE(push);
  CHECK(push->side == Side::left);
  CHECK(push->along == 0);
}

TEST_CASE("The border of a side is where monitors touch it, without its corners") {
  const Desktop two = desktop({{0, 0, 1920, 1080}, {1920, 0, 1280, 720}});
  CHECK(two.border(Side::right, 16) == std::vector<Stretch>{{16, 720}});
  CHECK(two.border(Side::top, 16) == std::vector<Stretch>{{16, 3184}});
  CHECK(two.border(Side::bottom, 16) == std::vector<Stretch>{{16, 1920}});
  CHECK(two.border(Side::left, 600).empty());
  CHECK(two.may_cross(Side::right, 719, 0));
  CHECK_FALSE(two.may_cross(Side::right, 720, 0));
  CHECK_FALSE(two.may_cross(Side::top, 15, 16));
}

TEST_CASE("The pointer comes in at the matching point of the other border") {
  const Desktop here = desktop({{0, 0, 1920, 1080}});
  const Desktop there = desktop({{100, 50, 800, 601}});
  CHECK(matching_point(here, Side::right, 0, there) == Point{100, 50});
  CHECK(matching_point(here, Side::right, 1079, there) == Point{100, 650});
  CHECK(matching_point(here, Side::left, 539.5, there) == Point{899, 350});
  CHECK(matching_point(here, Side::bottom, 0, there) == Point{100, 50});
  CHECK(matching_point(here, Side::top, 1919, there) == Point{899, 650});
}

TEST_CASE("It comes in on a monitor where the border has none") {
  const Desktop here = desktop({{0, 0, 100, 100}});
  const Desktop there = desktop({{0, 0, 100, 50}, {50, 50, 100, 50}});
  const Point in = matching_point(here, Side::right, 99, there);
  CHECK(in == there.clamp(in));
}

TEST_CASE("Wherever it is pushed a pointer is on a monitor, and what it says of a side is true") {
  const auto seed = dkvm::test::seed_of_the_run();
  INFO(dkvm::test::again_with(seed));
  std::mt19937_64 random(seed);
  const auto number = [&](int from, int to) {
    return std::uniform_int_distribution<int>(from, to)(random);
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<At> monitors;
    for (int i = number(1, 5); i > 0; --i)
      monitors.push_back({number(-500, 500), number(-500, 500),
                          static_cast<std::uint32_t>(number(1, 900)),
                          static_cast<std::uint32_t>(number(1, 900))});
    const Desktop it = desktop(monitors);
    Pointer pointer(it);
    for (int step = 0; step < 300; ++step) {
      const double x = number(-3000, 3000) / 3.0;
      const auto push = pointer.move(x, number(-3000, 3000) / 7.0, it);
      REQUIRE(pointer.at() == it.clamp(pointer.at()));
      if (!push) continue;
      REQUIRE(pointer.touches(push->side, it));
      REQUIRE(it.may_cross(push->side, push->along, 0));
      const Point in = matching_point(it, push->side, push->along, it);
      REQUIRE(in == it.clamp(in));
    }
    pointer.move(std::numeric_limits<double>::infinity(), std::nan(""), it);
    REQUIRE(pointer.at() == it.clamp(pointer.at()));
  }
}

TEST_CASE("The way back is implied, unless something else is written") {
  const Layout implied(of({"a", "b"}, {{"a", Side::right, "b"}}));
  CHECK(implied.beyond(0, Side::right) == 1u);
  CHECK(implied.beyond(1, Side::left) == 0u);
  CHECK_FALSE(implied.beyond(0, Side::left));
  const Layout ring(of({"a", "b", "c"}, {{"a", Side::right, "b"}, {"b", Side::left, "c"}}));
  CHECK(ring.beyond(1, Side::left) == 2u);
  CHECK(ring.beyond(2, Side::right) == 1u);
}
