#pragma once

#include "devices/media/ffmpeg/av.hpp"

#include <string>

namespace dkvm::media {

// The decoded frames of a file's best stream of one kind.
class Decoder {
 public:
  static Result<Decoder> open(const std::string& path, AVMediaType kind);

  const AVStream& stream() const { return *input_->streams[stream_]; }
  const AVCodecContext& codec() const { return *codec_; }
  // As the file says; {0, 1} when it does not.
  AVRational frame_rate() const {
    return av_guess_frame_rate(input_.get(), input_->streams[stream_], nullptr);
  }

  // The next frame; nullptr at the end.
  // Life: until the next call
  Result<const AVFrame*> next();

 private:
  explicit Decoder(std::string path) : path_(std::move(path)) {}

  Result<> feed();

  std::string path_;
  AvInput input_;
  AvCodecContext codec_;
  int stream_ = 0;
  AvPacket packet_{av_packet_alloc()};
  AvFrame frame_{av_frame_alloc()};
};

}  // namespace dkvm::media
