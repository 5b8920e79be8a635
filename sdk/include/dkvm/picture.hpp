#pragma once

#include <dkvm/events.hpp>
#include <dkvm/frame.hpp>
#include <dkvm/pixels.hpp>
#include <dkvm/result.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

// What a DisplayFrame says of its buffer, checked against the buffer in this one
// place, and the arithmetic of damage.
// Source: sdk/schema/events.fbs, DisplayFrame.
namespace dkvm {

using Rect = wire::Rect;

inline constexpr std::uint32_t kPictureSideMax = 32'768;  // pixels

inline bool is_empty(const Rect& rect) { return rect.width() == 0 || rect.height() == 0; }

inline bool is_within(const Rect& rect, std::uint32_t width, std::uint32_t height) {
  return std::uint64_t{rect.x()} + rect.width() <= width &&
         std::uint64_t{rect.y()} + rect.height() <= height;
}

// The least rectangle that holds both; an empty one adds nothing.
// Shape: both within kPictureSideMax
inline Rect unite(const Rect& a, const Rect& b) {
  if (is_empty(a)) return b;
  if (is_empty(b)) return a;
  const std::uint32_t x = std::min(a.x(), b.x());
  const std::uint32_t y = std::min(a.y(), b.y());
  return {x, y, std::max(a.x() + a.width(), b.x() + b.width()) - x,
          std::max(a.y() + a.height(), b.y() + b.height()) - y};
}

// The pixels of a DisplayFrame: of the whole picture, or of its damaged area.
// Shape: area.height rows of area.width pixels, stride bytes from row to row;
//        nothing of it lies outside the buffer
// Life:  views the buffer, whose producer may still write there: pixels may
//        change between two looks, sizes may not
class Picture {
 public:
  // Errors: Errc::invalid when the frame lies about the buffer, Errc::unsupported
  //         for a pixel format that is none of kPixelFormats.
  static Result<Picture> of(const DisplayFrame& frame, Bytes buffer) {
    const std::uint32_t pixel_bytes = bytes_per_pixel(frame.fourcc);
    if (pixel_bytes == 0)
      return fail(Errc::unsupported, "a picture of format '" + fourcc_name(frame.fourcc) +
                                         "', expected a packed RGB format such as XR24");
    if (frame.width == 0 || frame.height == 0 || frame.width > kPictureSideMax ||
        frame.height > kPictureSideMax)
      return fail(Errc::invalid, "a picture of " + size_text(frame.width, frame.height) +
                                     " pixels, expected sides from 1 to " +
                                     std::to_string(kPictureSideMax));
    if (!is_within(frame.damage, frame.width, frame.height))
      return fail(Errc::invalid, "damage " + text_of(frame.damage) + " of a picture of " +
                                     size_text(frame.width, frame.height) +
                                     " pixels, expected an area within it");
    if (frame.partial && is_empty(frame.damage))
      return fail(Errc::invalid, "a partial picture without damage, expected an area");
    const Rect area = frame.partial ? frame.damage : Rect(0, 0, frame.width, frame.height);
    if (frame.stride < area.width() * pixel_bytes)
      return fail(Errc::invalid,
                  "a stride of " + std::to_string(frame.stride) + " bytes, expected at least " +
                      std::to_string(area.width() * pixel_bytes) + " for " +
                      std::to_string(area.width()) + " pixels of " + fourcc_name(frame.fourcc));
    const std::uint64_t needed = needed_bytes(area, frame.stride, pixel_bytes);
    if (needed > buffer.size())
      return fail(Errc::invalid, "a buffer of " + std::to_string(buffer.size()) +
                                     " bytes, expected at least " + std::to_string(needed) +
                                     " for " + size_text(area.width(), area.height()) +
                                     " pixels of " + fourcc_name(frame.fourcc));
    return Picture(frame, area, buffer);
  }

  // Of the whole picture, also when only an area of it is here.
  std::uint32_t width() const { return width_; }
  std::uint32_t height() const { return height_; }
  std::uint32_t fourcc() const { return fourcc_; }
  std::uint32_t epoch() const { return epoch_; }

  bool partial() const { return partial_; }
  const Rect& area() const { return area_; }
  std::uint32_t stride() const { return stride_; }

  // The pixels of one row of the area, without what the stride adds.
  // Shape: index < area().height()
  Bytes row(std::uint32_t index) const {
    return buffer_.subspan(std::size_t{index} * stride_,
                           std::size_t{area_.width()} * bytes_per_pixel(fourcc_));
  }

 private:
  Picture(const DisplayFrame& frame, const Rect& area, Bytes buffer)
      : width_(frame.width),
        height_(frame.height),
        stride_(frame.stride),
        fourcc_(frame.fourcc),
        epoch_(frame.epoch),
        partial_(frame.partial),
        area_(area),
        buffer_(buffer) {}

  static std::uint64_t needed_bytes(const Rect& area, std::uint32_t stride,
                                    std::uint32_t pixel_bytes) {
    return std::uint64_t{area.height() - 1} * stride + std::uint64_t{area.width()} * pixel_bytes;
  }
  static std::string size_text(std::uint32_t width, std::uint32_t height) {
    return std::to_string(width) + "x" + std::to_string(height);
  }
  static std::string text_of(const Rect& rect) {
    return size_text(rect.width(), rect.height()) + "+" + std::to_string(rect.x()) + "+" +
           std::to_string(rect.y());
  }

  std::uint32_t width_;
  std::uint32_t height_;
  std::uint32_t stride_;
  std::uint32_t fourcc_;
  std::uint32_t epoch_;
  bool partial_;
  Rect area_;
  Bytes buffer_;
};

}  // namespace dkvm
