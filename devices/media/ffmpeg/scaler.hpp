#pragma once

#include "devices/media/canvas.hpp"
#include "devices/media/ffmpeg/av.hpp"

namespace dkvm::media {

// Frame memory of FFmpeg's own: aligned and padded as its loops want it. They
// read and write beyond the ends of rows that are not.
Result<AvFrame> make_frame(std::uint32_t width, std::uint32_t height, AVPixelFormat format);

void copy_picture(const Canvas& from, AVFrame& to);
void copy_picture(const AVFrame& from, Canvas& to);

// Brings frames to one size and pixel format.
class Scaler {
 public:
  // Shape: to has its size, format and memory
  Result<> scale(const AVFrame& from, AVFrame& to);

 private:
  AvScaler context_;
};

}  // namespace dkvm::media
