#pragma once

#include "devices/codec/i420.hpp"
#include "devices/codec/rate_control.hpp"
#include "devices/media/ffmpeg/av.hpp"

#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace dkvm::codec {

struct PictureCodec {
  std::string encoder = "libx264";               // FFmpeg's name
  std::map<std::string, std::string> options{};  // of FFmpeg, before ours
  int threads = kThreadsDefault;
  double fps = kFpsDefault;
  unsigned keyframe_interval = 0;  // pictures; 0: keyframes only when asked for
};

// Errors: Errc::unsupported for a name that is no video encoder here, with those that are.
Result<const AVCodec*> find_picture_encoder(const std::string& name);

// A running encoder of pictures of one size: a packet for each, at once.
class PictureEncoder {
 public:
  // Errors: Errc::unsupported when the encoder does not take such pictures, or keeps
  //         some back; Errc::invalid for an option that it does not have.
  static Result<PictureEncoder> open(const PictureCodec& codec, std::uint32_t width,
                                     std::uint32_t height, const PictureRate& rate);

  // Whether a picture at another rate needs no other encoder.
  bool changes_rate() const { return changes_rate_; }
  const PictureRate& rate() const { return rate_; }
  void set_rate(const PictureRate& rate);

  struct Packet {
    Bytes bytes;  // valid until the next encode()
    bool keyframe = false;
  };
  // Errors: Errc::unsupported when it keeps pictures back, Errc::internal.
  Result<Packet> encode(I420& picture, bool keyframe);

  const std::string& codec_name() const { return codec_name_; }  // h264
  Bytes extradata() const;

 private:
  void apply_rate();

  media::AvCodecContext context_;
  media::AvPacket packet_;
  std::string encoder_;
  std::string codec_name_;
  PictureRate rate_;
  double fps_max_ = kFpsDefault;
  std::int64_t next_ = 0;
  bool changes_rate_ = false;
};

}  // namespace dkvm::codec
