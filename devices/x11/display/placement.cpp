#include "devices/x11/display/placement.hpp"

#include <algorithm>
#include <utility>

namespace dkvm::x11 {
namespace {

// The largest size with the picture's proportions within the window.
Size fitted(const Size& picture, const Size& window) {
  const std::uint64_t wide = std::uint64_t{picture.width} * window.height;
  const std::uint64_t high = std::uint64_t{window.width} * picture.height;
  if (wide > high)
    return {window.width, std::max(static_cast<std::uint32_t>(high / picture.width), 1u)};
  return {std::max(static_cast<std::uint32_t>(wide / picture.height), 1u), window.height};
}

std::uint32_t middle(std::uint32_t shown, std::uint32_t window) {
  return shown < window ? (window - shown) / 2 : 0;
}

// One side of a part: begin and length in pixels of the shown picture.
std::pair<std::uint32_t, std::uint32_t> shown_side(std::uint32_t begin, std::uint32_t length,
                                                   std::uint32_t picture, std::uint32_t shown) {
  if (shown == picture) return {begin, length};
  // Filters look at the neighbours: two pixels are enough for those that libyuv has.
  constexpr std::uint32_t kReach = 2;
  const std::uint64_t from = begin - std::min(begin, kReach);
  const std::uint64_t to = std::min(begin + length + kReach, picture);
  const std::uint64_t first = from * shown / picture;
  const std::uint64_t end =
      std::min((to * shown + picture - 1) / picture + 1, std::uint64_t{shown});
  return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(end - first)};
}

}  // namespace

Placement::Placement(Scale scale, Size picture, Size window) : picture_(picture), shown_(picture) {
  if (scale == Scale::stretch) shown_ = window;
  if (scale == Scale::fit) shown_ = fitted(picture, window);
  x_ = middle(shown_.width, window.width);
  y_ = middle(shown_.height, window.height);
}

Rect Placement::shown_part(const Rect& part) const {
  const auto [x, width] = shown_side(part.x(), part.width(), picture_.width, shown_.width);
  const auto [y, height] = shown_side(part.y(), part.height(), picture_.height, shown_.height);
  return {x, y, width, height};
}

}  // namespace dkvm::x11
