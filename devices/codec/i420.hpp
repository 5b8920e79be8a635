#pragma once

#include "devices/media/canvas.hpp"
#include "devices/media/ffmpeg/av.hpp"

#include <dkvm/picture.hpp>
#include <dkvm/result.hpp>

#include <cstdint>

namespace dkvm::codec {

// A picture as encoders take it: planes of 8 bits, chroma at half of the size, limited
// range of BT.601. Its sides are even: a last odd column or row stands twice.
class I420 {
 public:
  I420() = default;
  // Black. Errors: Errc::exhausted.
  static Result<I420> make(std::uint32_t width, std::uint32_t height);

  bool empty() const { return frame_ == nullptr; }
  // Of the picture, without what is added to make them even.
  std::uint32_t width() const { return width_; }
  std::uint32_t height() const { return height_; }

  // Takes over the pixels of an area. Chroma that the area's border halves is made of
  // the canvas' pixels on both sides, so that many areas give what the whole gives.
  // Shape:  the canvas has this size, damage lies in it
  // Errors: Errc::exhausted when an encoder still holds the planes and there is no
  //         memory for others.
  Result<> take(const media::Canvas& canvas, const Rect& damage);

  const AVFrame& frame() const { return *frame_; }
  AVFrame& frame() { return *frame_; }

 private:
  void repeat_borders(const Rect& area);

  std::uint32_t width_ = 0;
  std::uint32_t height_ = 0;
  media::AvFrame frame_;
};

}  // namespace dkvm::codec
