#include "devices/x11/display/placement.hpp"
#include "devices/x11/display/owed.hpp"
#include "devices/x11/display/picture_pace.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::x11;

namespace {

Rect at(std::uint32_t x, std::uint32_t y, std::uint32_t width, std::uint32_t height) {
  return {x, y, width, height};
}

bool same(const Rect& a, const Rect& b) {
  return a.x() == b.x() && a.y() == b.y() && a.width() == b.width() && a.height() == b.height();
}

}  // namespace

TEST_CASE("a picture that fits keeps its proportions and stands in the middle") {
  const Placement wide(Scale::fit, {1920, 1080}, {1000, 1000});
  CHECK(wide.shown() == Size{1000, 562});
  CHECK(wide.x() == 0);
  CHECK(wide.y() == 219);
  const Placement high(Scale::fit, {100, 400}, {300, 200});
  CHECK(high.shown() == Size{50, 200});
  CHECK(high.x() == 125);
  CHECK(Placement(Scale::fit, {640, 480}, {640, 480}).scaled() == false);
  CHECK(Placement(Scale::fit, {30'000, 1}, {10, 10}).shown() == Size{10, 1});
}

TEST_CASE("a picture pixel for pixel is cut off at the window's right and lower side") {
  const Placement larger(Scale::none, {800, 100}, {400, 300});
  CHECK(larger.shown() == Size{800, 100});
  CHECK(larger.x() == 0);
  CHECK(larger.y() == 100);
  CHECK_FALSE(larger.scaled());
}

TEST_CASE("all that a changed part takes part in is shown anew, and lies in the picture") {
  for (const Size window : {Size{100, 63}, {300, 190}, {160, 100}, {1, 1}, {1000, 10}}) {
    const Placement placement(Scale::stretch, {160, 100}, window);
    for (std::uint32_t x = 0; x < 160; x += 13) {
      for (std::uint32_t y = 0; y < 100; y += 9) {
        const Rect part = placement.shown_part(at(x, y, 160 - x, 1));
        CHECK(is_within(part, window.width, window.height));
        CHECK_FALSE(is_empty(part));
        // A pixel of the window whose middle lies in the part, or next to it, belongs to it.
        const std::uint32_t row = y * window.height / 100;
        CHECK(part.y() <= row);
        CHECK(part.y() + part.height() > row);
        CHECK(part.x() <= x * window.width / 160);
        CHECK(part.x() + part.width() == window.width);
      }
    }
  }
  CHECK(
      same(Placement(Scale::none, {160, 100}, {9, 9}).shown_part(at(3, 4, 5, 6)), at(3, 4, 5, 6)));
}

TEST_CASE("what of a rectangle lies in an area may be nothing") {
  const Rect area = at(100, 50, 200, 100);
  CHECK(same(part_within(area, 0, 0, 1000, 1000), area));
  CHECK(same(part_within(area, 90, 140, 20, 20), at(100, 140, 10, 10)));
  CHECK(same(part_within(area, -50, -50, 151, 101), at(100, 50, 1, 1)));
  CHECK(is_empty(part_within(area, -50, 60, 150, 10)));
  CHECK(is_empty(part_within(area, 300, 60, 10, 10)));
  CHECK(is_empty(part_within(area, 110, 60, 0, 10)));
}

TEST_CASE("damage that is owed grows, and is as old as its first part") {
  Owed owed;
  CHECK_FALSE(owed.any());
  owed.add({}, 1);
  CHECK_FALSE(owed.any());
  owed.add(at(10, 10, 5, 5), 2);
  owed.add(at(30, 5, 5, 5), 3);
  CHECK(same(owed.damage(), at(10, 5, 25, 10)));
  CHECK(owed.since_ns() == 2);
  CHECK_FALSE(owed.whole());
  owed.add_all(4);
  CHECK(owed.whole());
  CHECK(owed.since_ns() == 2);
  owed.clear();
  CHECK_FALSE(owed.any());
}

TEST_CASE("after a rest two pictures come in a row, then one an interval") {
  PicturePace pace(100);
  CHECK(pace.due_ns() == 0);
  pace.taken(1000);
  CHECK(pace.due_ns() <= 1000);
  pace.taken(1001);
  CHECK(pace.due_ns() == 1100);
  pace.taken(1100);
  CHECK(pace.due_ns() == 1200);
  pace.taken(1250);
  CHECK(pace.due_ns() == 1300);
  pace.hold_until(1400);
  CHECK(pace.due_ns() == 1400);
  pace.taken(5000);
  CHECK(pace.due_ns() <= 5000);
}
