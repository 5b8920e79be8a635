#pragma once

#include <dkvm/picture.hpp>

#include <cstdint>
#include <string_view>

namespace dkvm::x11 {

// How a picture is fitted into a window.
enum class Scale : std::uint8_t {
  none,     // pixel for pixel: in the middle, or from the top left corner when it is larger
  fit,      // as large as it can be with its proportions kept, in the middle
  stretch,  // all of the window
};

inline Scale scale_from(std::string_view name) {
  if (name == "fit") return Scale::fit;
  return name == "stretch" ? Scale::stretch : Scale::none;
}

struct Size {
  std::uint32_t width = 0;
  std::uint32_t height = 0;

  bool operator==(const Size&) const = default;
};

// Where a picture stands in a window, and at which size.
class Placement {
 public:
  Placement() = default;
  // Shape: no side is 0
  Placement(Scale scale, Size picture, Size window);

  const Size& picture() const { return picture_; }
  // Of the picture as it is shown; beyond the window's, with Scale::none, it is cut off.
  const Size& shown() const { return shown_; }
  bool scaled() const { return shown_ != picture_; }
  // Of its top left corner, in pixels of the window.
  std::uint32_t x() const { return x_; }
  std::uint32_t y() const { return y_; }

  // What of the shown picture changes with this part of the picture: all that a
  // pixel of it takes part in when it is scaled.
  // Shape: part within picture(), the result within shown()
  Rect shown_part(const Rect& part) const;
  // A point of the picture, as it is shown.
  std::int32_t shown_x(std::int32_t x) const { return scaled_to(x, shown_.width, picture_.width); }
  std::int32_t shown_y(std::int32_t y) const {
    return scaled_to(y, shown_.height, picture_.height);
  }

 private:
  static std::int32_t scaled_to(std::int32_t at, std::uint32_t to, std::uint32_t from) {
    return static_cast<std::int32_t>(std::int64_t{at} * to / from);
  }

  Size picture_{1, 1};
  Size shown_{1, 1};
  std::uint32_t x_ = 0;
  std::uint32_t y_ = 0;
};

}  // namespace dkvm::x11
