#include "devices/media/ffmpeg/scaler.hpp"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <cstring>

namespace dkvm::media {

Result<AvFrame> make_frame(std::uint32_t width, std::uint32_t height, AVPixelFormat format) {
  AvFrame frame(av_frame_alloc());
  if (!frame) return fail(Errc::exhausted, "no memory for a picture");
  frame->width = static_cast<int>(width);
  frame->height = static_cast<int>(height);
  frame->format = format;
  if (av_frame_get_buffer(frame.get(), 0) < 0)
    return fail(Errc::exhausted, "no memory for a picture of " + std::to_string(width) + "x" +
                                     std::to_string(height));
  return frame;
}

void copy_picture(const Canvas& from, AVFrame& to) {
  for (std::uint32_t y = 0; y < from.height(); ++y)
    std::memcpy(to.data[0] + static_cast<std::ptrdiff_t>(y) * to.linesize[0],
                from.row(from.area(), y).data(), from.stride());
}

void copy_picture(const AVFrame& from, Canvas& to) {
  for (std::uint32_t y = 0; y < to.height(); ++y)
    std::memcpy(to.row(to.area(), y).data(),
                from.data[0] + static_cast<std::ptrdiff_t>(y) * from.linesize[0], to.stride());
}

namespace {

bool is_full_range(const AVFrame& frame) {
  if (frame.color_range != AVCOL_RANGE_UNSPECIFIED) return frame.color_range == AVCOL_RANGE_JPEG;
  const auto format = static_cast<AVPixelFormat>(frame.format);
  return format == AV_PIX_FMT_YUVJ420P || format == AV_PIX_FMT_YUVJ422P ||
         format == AV_PIX_FMT_YUVJ444P ||
         (av_pix_fmt_desc_get(format)->flags & AV_PIX_FMT_FLAG_RGB) != 0;
}

// How a frame's colours are coded, as it says, else as players guess.
const int* coefficients_of(const AVFrame& frame) {
  if (frame.colorspace == AVCOL_SPC_RGB || frame.colorspace == AVCOL_SPC_UNSPECIFIED)
    return sws_getCoefficients(frame.height >= kHdLines ? SWS_CS_ITU709 : SWS_CS_ITU601);
  return sws_getCoefficients(frame.colorspace);
}

// Between pictures that both have no such coding there is nothing to set.
void set_colours(SwsContext& context, const AVFrame& from, const AVFrame& to) {
  constexpr int kOne = 1 << 16;  // brightness stays, and so do contrast and saturation
  sws_setColorspaceDetails(&context, coefficients_of(from), is_full_range(from) ? 1 : 0,
                           coefficients_of(to), is_full_range(to) ? 1 : 0, 0, kOne, kOne);
}

}  // namespace

Result<> Scaler::scale(const AVFrame& from, AVFrame& to) {
  constexpr int kFlags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;
  context_.reset(sws_getCachedContext(context_.release(), from.width, from.height,
                                      static_cast<AVPixelFormat>(from.format), to.width, to.height,
                                      static_cast<AVPixelFormat>(to.format), kFlags, nullptr,
                                      nullptr, nullptr));
  if (!context_) return fail(Errc::unsupported, "no conversion between the pixel formats");
  set_colours(*context_, from, to);
  const int rows =
      sws_scale(context_.get(), from.data, from.linesize, 0, from.height, to.data, to.linesize);
  if (rows < 0) return fail(Errc::internal, "converting a picture failed");
  return {};
}

}  // namespace dkvm::media
