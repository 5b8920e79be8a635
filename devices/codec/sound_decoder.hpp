#pragma once

#include "devices/codec/limits.hpp"
#include "devices/media/ffmpeg/av.hpp"

#include <dkvm/events.hpp>
#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>
#include <dkvm/sound.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace dkvm::codec {

// Decodes the packets of one stream of sound. What was lost before a packet is made up
// for, so that the positions go on.
class SoundDecoder {
 public:
  // codecs: by FFmpeg's names (opus), those that may come; format: of what comes out.
  // Errors: Errc::unsupported for a codec that has no decoder here.
  static Result<SoundDecoder> make(std::vector<std::string> codecs, SampleFormat format);

  // A run of samples, interleaved.
  struct Chunk {
    std::uint32_t rate = 0;
    std::uint8_t channels = 0;
    std::uint32_t frames = 0;
    std::uint64_t position = 0;
    std::uint64_t capture_ns = 0;
    std::vector<std::byte> samples{};
    bool made_up = false;  // of what was lost
  };
  // Errors: Errc::corrupt for bytes that are no such packet; Errc::unsupported for a
  //         codec that is not among `codecs` and for shapes that cannot be.
  Result<std::vector<Chunk>> decode(const MediaPacket& packet, Bytes bytes,
                                    std::uint64_t capture_ns);

 private:
  Result<> prepare(const MediaPacket& packet);
  Result<> open(const MediaPacket& packet);
  Result<> make_resampler(const AVFrame& frame);
  Result<Chunk> convert(const AVFrame& frame);
  void place(Chunk& chunk, const MediaPacket& packet, std::uint64_t capture_ns);
  Chunk echo(std::uint64_t frames, const Chunk& before) const;

  std::vector<std::string> codecs_;
  SampleFormat format_ = SampleFormat::f32;
  MediaPacket shape_;  // of context_: codec, rate, channels, extradata
  media::AvCodecContext context_;
  media::AvFrame frame_;
  media::AvResampler resampler_;
  std::uint32_t rate_ = 0;  // that the resampler was made for
  int channels_ = 0;
  int from_ = -1;

  bool begun_ = false;
  std::uint64_t expected_ = 0;  // position of the next sample
  Chunk last_;
};

}  // namespace dkvm::codec
