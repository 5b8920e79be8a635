#pragma once

#include <dkvm/picture.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dkvm::media {

// A whole picture in memory of one's own: what a source draws on, and what a
// sink composes partial pictures on.
// Shape: height rows of width pixels, without gaps
class Canvas {
 public:
  Canvas() = default;
  // fourcc: one of kPixelFormats; sides from 1 to kPictureSideMax. Begins black.
  Canvas(std::uint32_t width, std::uint32_t height, std::uint32_t fourcc);

  bool empty() const { return bytes_.empty(); }
  std::uint32_t width() const { return width_; }
  std::uint32_t height() const { return height_; }
  std::uint32_t fourcc() const { return fourcc_; }
  std::uint32_t pixel_bytes() const { return bytes_per_pixel(fourcc_); }
  std::size_t stride() const { return std::size_t{width_} * pixel_bytes(); }
  Rect area() const { return {0, 0, width_, height_}; }

  std::span<std::byte> bytes() { return bytes_; }
  Bytes bytes() const { return bytes_; }

  // The pixels of row y that lie in the area.
  std::span<std::byte> row(const Rect& area, std::uint32_t y) {
    return bytes().subspan(begin_of(area, y), std::size_t{area.width()} * pixel_bytes());
  }
  Bytes row(const Rect& area, std::uint32_t y) const {
    return bytes().subspan(begin_of(area, y), std::size_t{area.width()} * pixel_bytes());
  }

  // True when the picture is of this size and format, so that it can be applied.
  bool fits(const Picture& picture) const {
    return picture.width() == width_ && picture.height() == height_ && picture.fourcc() == fourcc_;
  }

  // Takes over the pixels of the picture's area.
  // Shape: fits(picture)
  void apply(const Picture& picture);

  // Copies an area into a buffer, row behind row without gaps.
  // Shape: out holds area.width x area.height pixels
  void copy_to(const Rect& area, std::span<std::byte> out) const;

 private:
  std::size_t begin_of(const Rect& area, std::uint32_t y) const {
    return y * stride() + std::size_t{area.x()} * pixel_bytes();
  }

  std::uint32_t width_ = 0;
  std::uint32_t height_ = 0;
  std::uint32_t fourcc_ = 0;
  std::vector<std::byte> bytes_;
};

}  // namespace dkvm::media
