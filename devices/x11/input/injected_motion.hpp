#pragma once

#include "devices/x11/bounds.hpp"

#include <algorithm>
#include <optional>

namespace dkvm::x11 {

struct Point {
  double x = 0;
  double y = 0;

  bool operator==(const Point&) const = default;
};

// Relative motion of injected input. X servers tell of a position and of a distance
// alike, so where the pointer really went says which one it was; while that cannot be
// seen, it is what it was last.
class InjectedMotion {
 public:
  // said: the numbers of the event; pointer: where it is after the event, if that can
  // be seen (it does not move while the input is grabbed).
  Point take(Point said, std::optional<Point> pointer, const Bounds& desktop) {
    if (pointer) decide(said, *pointer, desktop);
    const Point before = at_;
    at_ = absolute_ ? said : Point{at_.x + said.x, at_.y + said.y};
    if (pointer) at_ = *pointer;
    return absolute_ ? Point{said.x - before.x, said.y - before.y} : said;
  }
  // Where it is to begin with.
  void place(Point pointer) { at_ = pointer; }
  bool absolute() const { return absolute_; }

 private:
  void decide(Point said, Point pointer, const Bounds& desktop) {
    const bool there = within(said, desktop) == pointer;
    const bool moved = within({at_.x + said.x, at_.y + said.y}, desktop) == pointer;
    if (there != moved) absolute_ = there;
  }
  static Point within(Point point, const Bounds& desktop) {
    const double right = desktop.x + static_cast<double>(desktop.width) - 1;
    const double bottom = desktop.y + static_cast<double>(desktop.height) - 1;
    return {std::max<double>(desktop.x, std::min(point.x, right)),
            std::max<double>(desktop.y, std::min(point.y, bottom))};
  }

  Point at_;
  bool absolute_ = false;
};

}  // namespace dkvm::x11
