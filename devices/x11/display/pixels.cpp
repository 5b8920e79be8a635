#include "devices/x11/display/pixels.hpp"

#include <libyuv/convert_argb.h>
#include <libyuv/planar_functions.h>
#include <libyuv/scale_argb.h>

namespace dkvm::x11 {
namespace {

const std::uint8_t* in(const std::byte* bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes);
}
std::uint8_t* out(std::byte* bytes) { return reinterpret_cast<std::uint8_t*>(bytes); }

// libyuv calls a format by its letters from the most significant byte down.
using Convert = int (*)(const std::uint8_t*, int, std::uint8_t*, int, int, int);
Convert converter(std::uint32_t fourcc) {
  switch (fourcc) {
    case kXB24:
    case kAB24: return libyuv::ABGRToARGB;
    case kRG24: return libyuv::RGB24ToARGB;
    case kBG24: return libyuv::RAWToARGB;
    case kRG16: return libyuv::RGB565ToARGB;
    default: return libyuv::ARGBCopy;
  }
}

}  // namespace

void copy_into(const Picture& picture, std::span<std::byte> into) {
  const Rect& area = picture.area();
  const std::size_t stride = picture.width() * kPixelBytes;
  std::byte* const to = into.data() + area.y() * stride + area.x() * kPixelBytes;
  converter(picture.fourcc())(in(picture.row(0).data()), static_cast<int>(picture.stride()),
                              out(to), static_cast<int>(stride), static_cast<int>(area.width()),
                              static_cast<int>(area.height()));
}

void scale_part(std::span<const std::byte> from, std::uint32_t from_width,
                std::uint32_t from_height, std::span<std::byte> into, std::uint32_t into_width,
                std::uint32_t into_height, const Rect& part) {
  const auto number = [](std::size_t value) { return static_cast<int>(value); };
  libyuv::ARGBScaleClip(in(from.data()), number(from_width * kPixelBytes), number(from_width),
                        number(from_height), out(into.data()), number(into_width * kPixelBytes),
                        number(into_width), number(into_height), number(part.x()), number(part.y()),
                        number(part.width()), number(part.height()), libyuv::kFilterBox);
}

void blend_over(std::span<const std::uint32_t> image, std::span<std::uint32_t> pixels) {
  for (std::size_t i = 0; i < image.size(); ++i) {
    const std::uint32_t keep = 255 - (image[i] >> 24);
    std::uint32_t blended = 0;
    for (unsigned shift = 0; shift < 24; shift += 8) {
      const std::uint32_t under = (pixels[i] >> shift & 0xFF) * keep;
      const std::uint32_t sum = (image[i] >> shift & 0xFF) + (under + 127) / 255;
      blended |= (sum > 255 ? 255 : sum) << shift;
    }
    pixels[i] = blended;
  }
}

}  // namespace dkvm::x11
