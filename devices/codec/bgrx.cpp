#include "devices/codec/bgrx.hpp"

extern "C" {
#include <libavutil/pixdesc.h>
}
#include <libyuv/convert_argb.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

namespace dkvm::codec {
namespace {

// A format's planes: what chroma is shifted by, and bytes of a sample.
struct Planes {
  int shift_x;
  int shift_y;
  std::uint32_t sample_bytes;
};

std::optional<Planes> planes_of(int format) {
  switch (format) {
    case AV_PIX_FMT_YUV420P:
    case AV_PIX_FMT_YUVJ420P: return Planes{1, 1, 1};
    case AV_PIX_FMT_YUV422P:
    case AV_PIX_FMT_YUVJ422P: return Planes{1, 0, 1};
    case AV_PIX_FMT_YUV444P:
    case AV_PIX_FMT_YUVJ444P: return Planes{0, 0, 1};
    case AV_PIX_FMT_YUV420P10: return Planes{1, 1, 2};
    default: return std::nullopt;
  }
}

bool is_full_range(const AVFrame& frame) {
  return frame.color_range == AVCOL_RANGE_JPEG || frame.format == AV_PIX_FMT_YUVJ420P ||
         frame.format == AV_PIX_FMT_YUVJ422P || frame.format == AV_PIX_FMT_YUVJ444P;
}

const libyuv::YuvConstants* colours_of(const AVFrame& frame) {
  const bool full = is_full_range(frame);
  switch (frame.colorspace) {
    case AVCOL_SPC_BT709: break;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return full ? &libyuv::kYuvV2020Constants : &libyuv::kYuv2020Constants;
    case AVCOL_SPC_UNSPECIFIED:
      if (frame.height >= media::kHdLines && !full) break;
      [[fallthrough]];
    default: return full ? &libyuv::kYuvJPEGConstants : &libyuv::kYuvI601Constants;
  }
  return full ? &libyuv::kYuvF709Constants : &libyuv::kYuvH709Constants;
}

const std::uint8_t* at(const AVFrame& frame, const Planes& planes, int plane, std::uint32_t x,
                       std::uint32_t y) {
  if (plane != 0) {
    x >>= planes.shift_x;
    y >>= planes.shift_y;
  }
  return frame.data[plane] + static_cast<std::ptrdiff_t>(y) * frame.linesize[plane] +
         std::size_t{x} * planes.sample_bytes;
}

// Rows top … bottom of those that differ in a plane, and columns in bytes.
struct Span {
  std::uint32_t left = UINT32_MAX, right = 0, top = UINT32_MAX, bottom = 0;
};

// Columns by so many bytes: more exact would cost more than it saves.
constexpr std::uint32_t kStepBytes = 64;

void widen(Span& span, const std::uint8_t* a, const std::uint8_t* b, std::uint32_t bytes) {
  std::uint32_t first = 0;
  while (first < bytes &&
         std::memcmp(a + first, b + first, std::min(kStepBytes, bytes - first)) == 0)
    first += kStepBytes;
  std::uint32_t last = bytes;
  while (last > first) {
    const std::uint32_t step = std::min(kStepBytes, last - first);
    if (std::memcmp(a + last - step, b + last - step, step) != 0) break;
    last -= step;
  }
  span.left = std::min(span.left, first);
  span.right = std::max(span.right, last);
}

Span difference(const AVFrame& before, const AVFrame& after, int plane, std::uint32_t row_bytes,
                std::uint32_t rows) {
  Span span;
  for (std::uint32_t y = 0; y < rows; ++y) {
    const std::uint8_t* a =
        before.data[plane] + static_cast<std::ptrdiff_t>(y) * before.linesize[plane];
    const std::uint8_t* b =
        after.data[plane] + static_cast<std::ptrdiff_t>(y) * after.linesize[plane];
    if (std::memcmp(a, b, row_bytes) == 0) continue;
    span.top = std::min(span.top, y);
    span.bottom = y + 1;
    widen(span, a, b, row_bytes);
  }
  return span;
}

}  // namespace

Result<> check_convertible(const AVFrame& frame) {
  if (planes_of(frame.format)) return {};
  const char* name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(frame.format));
  return fail(Errc::unsupported, std::string("pictures of pixel format '") +
                                     (name == nullptr ? "?" : name) +
                                     "', expected yuv420p, yuv422p, yuv444p or yuv420p10");
}

void convert_area(const AVFrame& frame, const Rect& area, std::span<std::byte> out) {
  const Planes planes = *planes_of(frame.format);
  const auto plane = [&](int index) { return at(frame, planes, index, area.x(), area.y()); };
  const auto wide = [&](int index) { return reinterpret_cast<const std::uint16_t*>(plane(index)); };
  const int* lines = frame.linesize;
  auto* to = reinterpret_cast<std::uint8_t*>(out.data());
  const int width = static_cast<int>(area.width());
  const int height = static_cast<int>(area.height());
  const libyuv::YuvConstants* colours = colours_of(frame);
  if (planes.sample_bytes == 2) {
    libyuv::I010ToARGBMatrix(wide(0), lines[0] / 2, wide(1), lines[1] / 2, wide(2), lines[2] / 2,
                             to, width * 4, colours, width, height);
    return;
  }
  const auto convert = planes.shift_x == 0   ? libyuv::I444ToARGBMatrix
                       : planes.shift_y == 0 ? libyuv::I422ToARGBMatrix
                                             : libyuv::I420ToARGBMatrix;
  convert(plane(0), lines[0], plane(1), lines[1], plane(2), lines[2], to, width * 4, colours, width,
          height);
}

Rect changed_area(const AVFrame& before, const AVFrame& after, std::uint32_t width,
                  std::uint32_t height) {
  const Planes planes = *planes_of(after.format);
  Rect changed;
  for (int plane = 0; plane < 3; ++plane) {
    const int shift_x = plane == 0 ? 0 : planes.shift_x;
    const int shift_y = plane == 0 ? 0 : planes.shift_y;
    const std::uint32_t columns = (width + (1U << shift_x) - 1) >> shift_x;
    const std::uint32_t rows = (height + (1U << shift_y) - 1) >> shift_y;
    const Span span = difference(before, after, plane, columns * planes.sample_bytes, rows);
    if (span.bottom == 0) continue;
    const std::uint32_t left = span.left / planes.sample_bytes << shift_x;
    const std::uint32_t right = (span.right + planes.sample_bytes - 1) / planes.sample_bytes
                                << shift_x;
    const std::uint32_t top = span.top << shift_y;
    changed = unite(changed, {left, top, std::min(right, width) - left,
                              std::min(span.bottom << shift_y, height) - top});
  }
  if (is_empty(changed)) return changed;
  const std::uint32_t x = changed.x() / 2 * 2;
  const std::uint32_t y = changed.y() / 2 * 2;
  return {x, y, std::min((changed.x() + changed.width() + 1) / 2 * 2, width) - x,
          std::min((changed.y() + changed.height() + 1) / 2 * 2, height) - y};
}

}  // namespace dkvm::codec
