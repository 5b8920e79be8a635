#include "pipelines/switches/desktop.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dkvm::detail {
namespace {

constexpr double kLastPixel = 1;

double clamp_between(double value, double from, double to) {
  return std::isfinite(value) ? std::clamp(value, from, to) : from;
}

Point into(const Box& box, Point point) {
  return {clamp_between(point.x, box.left, box.right - kLastPixel),
          clamp_between(point.y, box.top, box.bottom - kLastPixel)};
}

bool upright(Side side) { return side == Side::left || side == Side::right; }

bool touches(const Box& monitor, const Box& whole, Side side) {
  switch (side) {
    case Side::left: return monitor.left == whole.left;
    case Side::right: return monitor.right == whole.right;
    case Side::top: return monitor.top == whole.top;
    case Side::bottom: return monitor.bottom == whole.bottom;
  }
  return false;
}

Stretch along(const Box& box, Side side) {
  return upright(side) ? Stretch{box.top, box.bottom} : Stretch{box.left, box.right};
}

}  // namespace

Desktop::Desktop(const wire::Geometry& geometry) {
  if (geometry.monitors() == nullptr) return;
  for (const wire::Monitor* each : *geometry.monitors()) {
    const Box box{double(each->x()), double(each->y()), double(each->x()) + each->width(),
                  double(each->y()) + each->height()};
    const bool sane = each->width() != 0 && each->height() != 0 && box.left >= -kPixelsMax &&
                      box.top >= -kPixelsMax && box.right <= kPixelsMax && box.bottom <= kPixelsMax;
    if (!sane) continue;
    bounds_ = monitors_.empty()
                  ? box
                  : Box{std::min(bounds_.left, box.left), std::min(bounds_.top, box.top),
                        std::max(bounds_.right, box.right), std::max(bounds_.bottom, box.bottom)};
    monitors_.push_back(box);
  }
}

Point Desktop::centre() const {
  if (!known()) return {};
  const Box& first = monitors_.front();
  return {std::floor((first.left + first.right) / 2), std::floor((first.top + first.bottom) / 2)};
}

Point Desktop::clamp(Point point) const {
  Point best = point;
  double nearest = std::numeric_limits<double>::infinity();
  for (const Box& monitor : monitors_) {
    const Point inside = into(monitor, point);
    const double distance = std::hypot(inside.x - point.x, inside.y - point.y);
    if (nearest != std::numeric_limits<double>::infinity() && !(distance < nearest)) continue;
    nearest = distance;
    best = inside;
    if (distance == 0) break;
  }
  return best;
}

Stretch Desktop::extent(Side side) const { return along(bounds_, side); }

std::vector<Stretch> Desktop::border(Side side, double corners) const {
  const Stretch whole = extent(side);
  std::vector<Stretch> parts;
  for (const Box& monitor : monitors_) {
    if (!touches(monitor, bounds_, side)) continue;
    const Stretch part = along(monitor, side);
    parts.push_back(
        {std::max(part.from, whole.from + corners), std::min(part.to, whole.to - corners)});
  }
  std::erase_if(parts, [](const Stretch& part) { return part.from >= part.to; });
  std::ranges::sort(parts, {}, &Stretch::from);
  std::vector<Stretch> joined;
  for (const Stretch& part : parts) {
    if (!joined.empty() && part.from <= joined.back().to)
      joined.back().to = std::max(joined.back().to, part.to);
    else
      joined.push_back(part);
  }
  return joined;
}

bool Desktop::may_cross(Side side, double place, double corners) const {
  return std::ranges::any_of(border(side, corners), [place](const Stretch& part) {
    return place >= part.from && place < part.to;
  });
}

Point Desktop::on(Side side, double place) const {
  switch (side) {
    case Side::left: return {bounds_.left, place};
    case Side::right: return {bounds_.right - kLastPixel, place};
    case Side::top: return {place, bounds_.top};
    case Side::bottom: return {place, bounds_.bottom - kLastPixel};
  }
  return {};
}

Point matching_point(const Desktop& from, Side side, double place, const Desktop& to) {
  const Stretch there = to.extent(opposite(side));
  const Stretch here = from.extent(side);
  const double length = here.to - here.from - kLastPixel;
  const double part = length > 0 ? clamp_between((place - here.from) / length, 0, 1) : 0.5;
  const double at = std::floor(there.from + part * (there.to - there.from - kLastPixel));
  return to.clamp(to.on(opposite(side), at));
}

std::optional<Pointer::Push> Pointer::move(double x, double y, const Desktop& desktop) {
  const Box& whole = desktop.bounds();
  const Point wish{at_.x + x, at_.y + y};
  at_ = desktop.clamp(wish);
  // How far beyond each side it would be; the furthest counts.
  Push push{Side::left, at_.y};
  double furthest = 0;
  const auto consider = [&](Side side, double beyond, double place) {
    if (beyond <= furthest) return;
    furthest = beyond;
    push = {side, place};
  };
  consider(Side::left, whole.left - wish.x, at_.y);
  consider(Side::right, wish.x - (whole.right - kLastPixel), at_.y);
  consider(Side::top, whole.top - wish.y, at_.x);
  consider(Side::bottom, wish.y - (whole.bottom - kLastPixel), at_.x);
  if (furthest == 0) return std::nullopt;
  // Where monitors are uneven it may be stopped before it reaches the border.
  if (!touches(push.side, desktop)) return std::nullopt;
  return push;
}

bool Pointer::touches(Side side, const Desktop& desktop) const {
  const Point border = desktop.on(side, upright(side) ? at_.y : at_.x);
  return upright(side) ? std::floor(at_.x) == border.x : std::floor(at_.y) == border.y;
}

}  // namespace dkvm::detail
