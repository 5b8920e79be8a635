#pragma once

#include "devices/x11/display/owed.hpp"
#include "devices/x11/display/placement.hpp"

#include <dkvm/events.hpp>
#include <dkvm/picture.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace dkvm::x11 {

// The pointer of the far screen, as it is painted over its picture.
class PaintedCursor {
 public:
  static constexpr std::uint32_t kSideMax = 256;  // pixels, as it comes and as it is shown

  // False when the event's shape is another than the one that is known, and the
  // event brings none: it must be asked for. One that is too large is known, and not
  // painted.
  // Shape: image of B G R A, alpha premultiplied, or empty
  bool take(const Cursor& cursor, Bytes image);
  // The picture is shown so from now on.
  void place(const Placement& placement);

  // Where it is in the shown picture; empty when it is not.
  const Rect& area() const { return area_; }

  // Paints it over the pixels of the shown picture below it.
  // Shape: shown holds the whole shown picture; into takes those of area(), without gaps
  void paint(std::span<const std::byte> shown, std::span<std::byte> into) const;

 private:
  void scale();
  void move();

  Placement placement_;
  Cursor cursor_;  // the last that came
  std::vector<std::uint32_t> image_;
  std::optional<std::uint64_t> shape_;  // of image_
  std::uint32_t width_ = 0;
  std::uint32_t height_ = 0;

  // As it is shown.
  std::vector<std::uint32_t> scaled_;
  Size size_;
  std::int32_t left_ = 0;
  std::int32_t top_ = 0;
  Rect area_{};
};

}  // namespace dkvm::x11
