#include "devices/x11/display/painted_cursor.hpp"

#include "devices/x11/display/pixels.hpp"

#include <algorithm>
#include <cstring>

namespace dkvm::x11 {

bool PaintedCursor::take(const Cursor& cursor, Bytes image) {
  cursor_ = cursor;
  constexpr std::int32_t kFar = 2 * std::int32_t{kPictureSideMax};
  cursor_.x = std::clamp(cursor.x, -kFar, kFar);
  cursor_.y = std::clamp(cursor.y, -kFar, kFar);
  const std::uint64_t pixels = std::uint64_t{cursor.width} * cursor.height;
  const bool brings = pixels != 0 && image.size() / kPixelBytes >= pixels;
  const bool fits = cursor.width <= kSideMax && cursor.height <= kSideMax;
  if (brings && fits) {
    image_.resize(pixels);
    std::memcpy(image_.data(), image.data(), pixels * kPixelBytes);
    width_ = cursor.width;
    height_ = cursor.height;
    scale();
  } else if (brings) {
    image_.clear();
    scaled_.clear();
  }
  if (brings) shape_ = cursor.shape;
  move();
  return shape_ == cursor.shape;
}

void PaintedCursor::place(const Placement& placement) {
  placement_ = placement;
  if (!image_.empty()) scale();
  move();
}

void PaintedCursor::scale() {
  const auto side = [](std::int32_t length) {
    return std::clamp(static_cast<std::uint32_t>(length), 1u, kSideMax);
  };
  size_ = {side(placement_.shown_x(static_cast<std::int32_t>(width_))),
           side(placement_.shown_y(static_cast<std::int32_t>(height_)))};
  scaled_ = image_;
  if (size_ == Size{width_, height_}) return;
  scaled_.assign(std::size_t{size_.width} * size_.height, 0);
  scale_part(std::as_bytes(std::span(image_)), width_, height_,
             std::as_writable_bytes(std::span(scaled_)), size_.width, size_.height,
             {0, 0, size_.width, size_.height});
}

void PaintedCursor::move() {
  area_ = {};
  if (!cursor_.visible || scaled_.empty()) return;
  const auto hot_x = static_cast<std::int32_t>(std::min(cursor_.hot_x, width_));
  const auto hot_y = static_cast<std::int32_t>(std::min(cursor_.hot_y, height_));
  left_ = placement_.shown_x(cursor_.x) - placement_.shown_x(hot_x);
  top_ = placement_.shown_y(cursor_.y) - placement_.shown_y(hot_y);
  const Size& shown = placement_.shown();
  area_ = part_within({0, 0, shown.width, shown.height}, left_, top_, size_.width, size_.height);
}

void PaintedCursor::paint(std::span<const std::byte> shown, std::span<std::byte> into) const {
  const std::size_t stride = placement_.shown().width * kPixelBytes;
  const std::size_t row_bytes = area_.width() * kPixelBytes;
  std::vector<std::uint32_t> row(area_.width());
  for (std::uint32_t y = 0; y < area_.height(); ++y) {
    std::memcpy(row.data(), shown.data() + (area_.y() + y) * stride + area_.x() * kPixelBytes,
                row_bytes);
    const auto image_x = static_cast<std::size_t>(std::int64_t{area_.x()} - left_);
    const auto image_y = static_cast<std::size_t>(std::int64_t{area_.y()} + y - top_);
    blend_over(std::span(scaled_).subspan(image_y * size_.width + image_x, row.size()), row);
    std::memcpy(into.data() + y * row_bytes, row.data(), row_bytes);
  }
}

}  // namespace dkvm::x11
