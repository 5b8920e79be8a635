#include "devices/codec/i420.hpp"

#include <libyuv/convert.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace dkvm::codec {
namespace {

constexpr std::uint32_t even(std::uint32_t value) { return value + value % 2; }

// The least area of whole 2x2 blocks (or up to the picture's border) around another.
Rect blocks_of(const Rect& area, const media::Canvas& canvas) {
  const std::uint32_t x = area.x() / 2 * 2;
  const std::uint32_t y = area.y() / 2 * 2;
  const std::uint32_t right = std::min(even(area.x() + area.width()), canvas.width());
  const std::uint32_t bottom = std::min(even(area.y() + area.height()), canvas.height());
  return {x, y, right - x, bottom - y};
}

using Convert = int (*)(const std::uint8_t*, int, std::uint8_t*, int, std::uint8_t*, int,
                        std::uint8_t*, int, int, int);

// libyuv names formats by their words, DRM by their letters from the top down as well:
// what differs is what it calls packed ones of 24 bits.
Convert converter_from(std::uint32_t fourcc) {
  switch (fourcc) {
    case kXB24:
    case kAB24: return libyuv::ABGRToI420;
    case kRG24: return libyuv::RGB24ToI420;
    case kBG24: return libyuv::RAWToI420;
    case kRG16: return libyuv::RGB565ToI420;
    default: return libyuv::ARGBToI420;
  }
}

std::uint8_t* at(AVFrame& frame, int plane, std::uint32_t x, std::uint32_t y) {
  return frame.data[plane] + static_cast<std::ptrdiff_t>(y) * frame.linesize[plane] + x;
}

}  // namespace

Result<I420> I420::make(std::uint32_t width, std::uint32_t height) {
  I420 picture;
  picture.width_ = width;
  picture.height_ = height;
  picture.frame_.reset(av_frame_alloc());
  if (!picture.frame_) return fail(Errc::exhausted, "no memory for a picture");
  AVFrame& frame = *picture.frame_;
  frame.format = AV_PIX_FMT_YUV420P;
  frame.width = static_cast<int>(even(width));
  frame.height = static_cast<int>(even(height));
  frame.color_range = AVCOL_RANGE_MPEG;
  frame.colorspace = AVCOL_SPC_SMPTE170M;
  if (av_frame_get_buffer(&frame, 0) < 0)
    return fail(Errc::exhausted, "no memory for a picture of " + std::to_string(width) + "x" +
                                     std::to_string(height));
  for (int plane = 0; plane < 3; ++plane) {
    const int rows = plane == 0 ? frame.height : frame.height / 2;
    std::memset(frame.data[plane], plane == 0 ? 16 : 128,
                static_cast<std::size_t>(rows) * static_cast<std::size_t>(frame.linesize[plane]));
  }
  return picture;
}

Result<> I420::take(const media::Canvas& canvas, const Rect& damage) {
  if (av_frame_make_writable(frame_.get()) < 0)
    return fail(Errc::exhausted, "no memory for another picture");
  const Rect area = blocks_of(damage, canvas);
  const std::byte* first = canvas.row(area, area.y()).data();
  AVFrame& frame = *frame_;
  converter_from(canvas.fourcc())(
      reinterpret_cast<const std::uint8_t*>(first), static_cast<int>(canvas.stride()),
      at(frame, 0, area.x(), area.y()), frame.linesize[0], at(frame, 1, area.x() / 2, area.y() / 2),
      frame.linesize[1], at(frame, 2, area.x() / 2, area.y() / 2), frame.linesize[2],
      static_cast<int>(area.width()), static_cast<int>(area.height()));
  repeat_borders(area);
  return {};
}

// Chroma has its last column and row by itself: they are rounded up there.
void I420::repeat_borders(const Rect& area) {
  const std::uint32_t bottom = area.y() + area.height();
  if (width_ % 2 != 0 && area.x() + area.width() == width_)
    for (std::uint32_t y = area.y(); y < bottom; ++y)
      *at(*frame_, 0, width_, y) = *at(*frame_, 0, width_ - 1, y);
  if (height_ % 2 != 0 && bottom == height_)
    std::memcpy(at(*frame_, 0, area.x(), height_), at(*frame_, 0, area.x(), height_ - 1),
                even(area.width()));
}

}  // namespace dkvm::codec
