#pragma once

#include <dkvm/picture.hpp>

#include <algorithm>
#include <cstdint>

namespace dkvm::x11 {

// The part of `rect`, which may begin anywhere, that lies in `area`.
inline Rect part_within(const Rect& area, std::int64_t x, std::int64_t y, std::int64_t width,
                        std::int64_t height) {
  const std::int64_t left = std::max<std::int64_t>(x, area.x());
  const std::int64_t top = std::max<std::int64_t>(y, area.y());
  const std::int64_t right = std::min<std::int64_t>(x + width, area.x() + area.width());
  const std::int64_t bottom = std::min<std::int64_t>(y + height, area.y() + area.height());
  if (left >= right || top >= bottom) return {};
  return {static_cast<std::uint32_t>(left), static_cast<std::uint32_t>(top),
          static_cast<std::uint32_t>(right - left), static_cast<std::uint32_t>(bottom - top)};
}

// What has changed on a screen since it was last taken, and since when.
class Owed {
 public:
  bool any() const { return whole_ || !is_empty(damage_); }
  bool whole() const { return whole_; }
  const Rect& damage() const { return damage_; }
  std::uint64_t since_ns() const { return since_ns_; }

  void add(const Rect& damage, std::uint64_t now_ns) {
    if (is_empty(damage)) return;
    note(now_ns);
    damage_ = unite(damage_, damage);
  }
  void add_all(std::uint64_t now_ns) {
    note(now_ns);
    whole_ = true;
  }
  void clear() { *this = {}; }

 private:
  void note(std::uint64_t now_ns) {
    if (!any()) since_ns_ = now_ns;
  }

  Rect damage_{};
  bool whole_ = false;
  std::uint64_t since_ns_ = 0;
};

}  // namespace dkvm::x11
