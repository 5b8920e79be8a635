#include "devices/media/ffmpeg/scaler.hpp"

#include <cstring>

namespace dkvm::media {

Result<AvFrame> make_frame(std::uint32_t width, std::uint32_t height, AVPixelFormat format) {
  AvFrame frame(av_frame_alloc());
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

Result<> Scaler::scale(const AVFrame& from, AVFrame& to) {
  constexpr int kFlags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;
  context_.reset(sws_getCachedContext(context_.release(), from.width, from.height,
                                      static_cast<AVPixelFormat>(from.format), to.width, to.height,
                                      static_cast<AVPixelFormat>(to.format), kFlags, nullptr,
                                      nullptr, nullptr));
  if (!context_) return fail(Errc::unsupported, "no conversion between the pixel formats");
  const int rows =
      sws_scale(context_.get(), from.data, from.linesize, 0, from.height, to.data, to.linesize);
  if (rows < 0) return fail(Errc::internal, "converting a picture failed");
  return {};
}

}  // namespace dkvm::media
