#include "devices/x11/input/border.hpp"

#include <X11/extensions/Xfixes.h>

#include <algorithm>
#include <cmath>

namespace dkvm::x11 {
namespace {

using wire::Side;

bool is_upright(Side side) { return side == Side::left || side == Side::right; }

std::int32_t along(Side side, Point at) {
  return static_cast<std::int32_t>(std::floor(is_upright(side) ? at.y : at.x));
}

}  // namespace

Result<Border> Border::open(Connection& connection) {
  DKVM_CHECK(connection.extension("XFIXES"));
  int major = 5, minor = 0;
  ::XFixesQueryVersion(connection.get(), &major, &minor);
  DKVM_CHECK(connection.check());
  if (major < 5)
    return fail(Errc::not_found, "X display '" + connection.name() + "': the X server has XFIXES " +
                                     std::to_string(major) + "." + std::to_string(minor) +
                                     ", expected 5.0 or later, for pointer barriers");
  return Border(connection);
}

::XID Border::barrier(const Stretch& stretch) const {
  const int left = desktop_.x, right = left + static_cast<int>(desktop_.width);
  const int top = desktop_.y, bottom = top + static_cast<int>(desktop_.height);
  const int from = static_cast<int>(stretch.from), to = static_cast<int>(stretch.to) - 1;
  const auto make = [&](int x1, int y1, int x2, int y2, int free) {
    return ::XFixesCreatePointerBarrier(connection_->get(), connection_->root(), x1, y1, x2, y2,
                                        free, 0, nullptr);
  };
  switch (stretch.side) {
    case Side::left: return make(left, from, left, to, BarrierPositiveX);
    case Side::right: return make(right, from, right, to, BarrierNegativeX);
    case Side::top: return make(from, top, to, top, BarrierPositiveY);
    case Side::bottom: return make(from, bottom, to, bottom, BarrierNegativeY);
  }
  return 0;
}

void Border::watch(std::vector<Stretch> stretches, const Bounds& desktop) {
  for (const ::XID each : barriers_)
    if (each != 0) ::XFixesDestroyPointerBarrier(connection_->get(), each);
  barriers_.clear();
  news_.forget();
  stretches_ = std::move(stretches);
  desktop_ = desktop;
  for (const Stretch& each : stretches_)
    barriers_.push_back(each.from < each.to ? barrier(each) : 0);
}

std::optional<Border::Push> Border::hit(::XID barrier, Point at, std::uint64_t now_ns) {
  const auto found = std::find(barriers_.begin(), barriers_.end(), barrier);
  if (found == barriers_.end() || barrier == 0) return std::nullopt;
  const auto edge = static_cast<std::size_t>(found - barriers_.begin());
  return news_.push(edge, along(stretches_[edge].side, at), now_ns);
}

std::optional<Border::Push> Border::left(::XID barrier) {
  const auto found = std::find(barriers_.begin(), barriers_.end(), barrier);
  if (!news_.pushes(static_cast<std::size_t>(found - barriers_.begin()))) return std::nullopt;
  return news_.leave();
}

std::optional<Border::Push> Border::placed(Point at, std::uint64_t now_ns) {
  const auto found = std::find_if(stretches_.begin(), stretches_.end(),
                                  [&](const Stretch& each) { return touches(each, at); });
  if (found == stretches_.end()) return news_.leave();
  return news_.push(static_cast<std::size_t>(found - stretches_.begin()), along(found->side, at),
                    now_ns);
}

bool Border::touches(const Stretch& stretch, Point at) const {
  const std::int64_t place = along(stretch.side, at);
  if (place < stretch.from || place >= stretch.to) return false;
  switch (stretch.side) {
    case Side::left: return at.x <= desktop_.x;
    case Side::right: return at.x >= desktop_.x + static_cast<double>(desktop_.width) - 1;
    case Side::top: return at.y <= desktop_.y;
    case Side::bottom: return at.y >= desktop_.y + static_cast<double>(desktop_.height) - 1;
  }
  return false;
}

}  // namespace dkvm::x11
