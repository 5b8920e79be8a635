#pragma once

#include <dkvm/events.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace dkvm::detail {

using wire::Side;

constexpr Side opposite(Side side) {
  switch (side) {
    case Side::left: return Side::right;
    case Side::right: return Side::left;
    case Side::top: return Side::bottom;
    case Side::bottom: return Side::top;
  }
  return Side::left;
}

// In pixels of a desktop, whose top left need not be 0, 0.
struct Point {
  double x = 0;
  double y = 0;

  bool operator==(const Point&) const = default;
};

// Pixels left .. right - 1 and top .. bottom - 1.
struct Box {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;

  double width() const { return right - left; }
  double height() const { return bottom - top; }
  bool operator==(const Box&) const = default;
};

// Along one side: pixels from .. to - 1.
struct Stretch {
  double from = 0;
  double to = 0;

  bool operator==(const Stretch&) const = default;
};

// The monitors of one machine. A pointer is on one of them.
class Desktop {
 public:
  static constexpr double kPixelsMax = 1 << 20;  // of a coordinate; what lies beyond is no monitor

  Desktop() = default;
  explicit Desktop(const wire::Geometry& geometry);

  bool known() const { return !monitors_.empty(); }
  const Box& bounds() const { return bounds_; }
  // Of the first monitor.
  Point centre() const;
  // The closest point on a monitor.
  Point clamp(Point point) const;

  // Where monitors touch this side of the whole, without its two corners.
  // Shape: sorted, apart from each other
  std::vector<Stretch> border(Side side, double corners) const;
  bool may_cross(Side side, double along, double corners) const;

  // The pixel of that side at this place along it.
  Point on(Side side, double along) const;
  // How long the side is, and where it begins.
  Stretch extent(Side side) const;

  bool operator==(const Desktop&) const = default;

 private:
  std::vector<Box> monitors_;
  Box bounds_;
};

// Where a pointer that leaves `from` at `along` of its side comes in at `to`:
// proportionally along the side that faces it.
Point matching_point(const Desktop& from, Side side, double along, const Desktop& to);

// Where the pointer of a target is, as its relative motion says.
class Pointer {
 public:
  // Against a side of the desktop.
  struct Push {
    Side side;
    double along;
  };

  explicit Pointer(const Desktop& desktop) : at_(desktop.centre()) {}

  Point at() const { return at_; }
  void place(Point point, const Desktop& desktop) { at_ = desktop.clamp(point); }
  // Nothing when it did not want to leave the whole.
  std::optional<Push> move(double x, double y, const Desktop& desktop);
  // It is on the outermost pixels of this side.
  bool touches(Side side, const Desktop& desktop) const;

 private:
  Point at_;
};

}  // namespace dkvm::detail
