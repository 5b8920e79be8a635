#pragma once

#include "devices/codec/limits.hpp"
#include "devices/media/ffmpeg/av.hpp"

#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>
#include <dkvm/sound.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dkvm::codec {

struct SoundCodec {
  std::string encoder = "libopus";               // FFmpeg's name
  std::map<std::string, std::string> options{};  // of FFmpeg, before ours
  std::uint64_t bitrate = kSoundBitrateDefault;
  std::chrono::nanoseconds frame = std::chrono::milliseconds(10);  // where the codec lets choose
};

// Encodes the sound of one stream: chunks of any length and rate go in, packets of the
// codec's own come out.
class SoundEncoder {
 public:
  // Errors: Errc::unsupported for a name that is no sound encoder here, or a shape that it
  //         does not take; Errc::invalid for an option that it does not have.
  static Result<SoundEncoder> open(const SoundCodec& codec, std::uint32_t rate,
                                   std::uint8_t channels);

  bool fits(const Sound& sound) const {
    return sound.rate == rate_in_ && sound.channels == channels_;
  }

  // Takes a chunk. A gap before it is silence up to kSilenceTimeMax; after a longer one,
  // or when the stream begins anew, its position counts from there.
  // Units:  position as in AudioFrame; capture_ns of its first sample
  // Errors: Errc::exhausted.
  Result<> take(const Sound& sound, std::uint64_t position, std::uint64_t capture_ns);

  struct Packet {
    Bytes bytes;                    // valid until the next call
    std::uint64_t position_ns = 0;  // of the first sample, in the time of the stream
    std::uint64_t duration_ns = 0;
    std::uint64_t capture_ns = 0;
  };
  // The next packet of what was taken; nullopt when there is too little.
  // Errors: Errc::internal.
  Result<std::optional<Packet>> next();

  const std::string& codec_name() const { return codec_name_; }  // opus
  std::uint32_t rate() const { return rate_; }                   // of the packets
  std::uint8_t channels() const { return channels_; }
  Bytes extradata() const;

 private:
  Result<> make_resampler();
  Result<> convert(const std::uint8_t* samples, std::uint32_t frames, SampleFormat format);
  void begin_at(std::uint64_t position);
  Result<> fill_gap(std::uint64_t frames, SampleFormat format);
  std::size_t waiting_frames() const { return (waiting_.size() - taken_) / channels_; }

  std::string encoder_;
  std::string codec_name_;
  media::AvCodecContext context_;
  media::AvPacket packet_;
  media::AvFrame frame_;
  media::AvResampler resampler_;
  SampleFormat format_ = SampleFormat::f32;  // that the resampler takes
  std::uint32_t rate_in_ = 0;
  std::uint32_t rate_ = 0;
  std::uint8_t channels_ = 0;

  bool begun_ = false;
  std::uint64_t expected_ = 0;    // position of the next chunk
  std::uint64_t capture_ns_ = 0;  // of the first sample behind those that wait
  std::uint64_t position_ = 0;    // of the first that waits, in samples of rate_
  std::vector<float> waiting_;
  std::size_t taken_ = 0;  // of waiting_
};

}  // namespace dkvm::codec
