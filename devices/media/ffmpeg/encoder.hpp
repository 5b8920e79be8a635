#pragma once

#include "devices/media/ffmpeg/av.hpp"

#include <cstdint>

namespace dkvm::media {

// What a video encoder is to make.
struct EncoderWish {
  AVCodecID codec = AV_CODEC_ID_NONE;
  AVPixelFormat from = AV_PIX_FMT_BGR0;  // of the pictures that will be given
  int width = 0;
  int height = 0;
  AVRational rate{25, 1};
  bool global_header = false;
};

// Errors: Errc::unsupported when FFmpeg has none.
Result<const AVCodec*> find_encoder(AVCodecID id, const std::string& path);

// An encoder set for good pictures at little effort.
// Errors: Errc::unsupported when FFmpeg has none, or it cannot do this size.
Result<AvCodecContext> open_encoder(const EncoderWish& wish, const std::string& path);

}  // namespace dkvm::media
