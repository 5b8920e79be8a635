#pragma once

#include <dkvm/events.hpp>
#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

// What an AudioFrame says of its buffer, checked against the buffer in this one
// place.
// Source: sdk/schema/events.fbs, AudioFrame.
namespace dkvm {

using SampleFormat = wire::SampleFormat;

inline constexpr std::uint32_t kSampleRateMin = 1'000;  // Hz
inline constexpr std::uint32_t kSampleRateMax = 768'000;
inline constexpr std::uint8_t kChannelsMax = 64;

// 0 for a format that this version does not know.
constexpr std::uint32_t bytes_per_sample(SampleFormat format) {
  switch (format) {
    case SampleFormat::s16: return 2;
    case SampleFormat::s32:
    case SampleFormat::f32: return 4;
  }
  return 0;
}

// The samples of an AudioFrame, interleaved, in the byte order of the machine.
// Life: views the buffer, whose producer may still write there
struct Sound {
  std::uint32_t rate;  // Hz
  std::uint8_t channels;
  SampleFormat format;
  std::uint32_t frames;  // samples per channel
  Bytes samples;         // frames x channels of them, no more

  // Errors: Errc::invalid when the frame lies about the buffer, Errc::unsupported
  //         for a sample format that is not known.
  static Result<Sound> of(const AudioFrame& frame, Bytes buffer) {
    const std::uint32_t sample_bytes = bytes_per_sample(frame.format);
    if (sample_bytes == 0)
      return fail(Errc::unsupported, "sound of sample format " +
                                         std::to_string(static_cast<unsigned>(frame.format)) +
                                         ", expected s16, s32 or f32");
    if (frame.rate < kSampleRateMin || frame.rate > kSampleRateMax)
      return fail(Errc::invalid, "a sample rate of " + std::to_string(frame.rate) +
                                     " Hz, expected " + std::to_string(kSampleRateMin) + " to " +
                                     std::to_string(kSampleRateMax));
    if (frame.channels == 0 || frame.channels > kChannelsMax)
      return fail(Errc::invalid, std::to_string(frame.channels) + " channels, expected 1 to " +
                                     std::to_string(kChannelsMax));
    const std::uint64_t needed = std::uint64_t{frame.frames} * frame.channels * sample_bytes;
    if (needed > buffer.size())
      return fail(Errc::invalid, "a buffer of " + std::to_string(buffer.size()) +
                                     " bytes, expected at least " + std::to_string(needed) +
                                     " for " + std::to_string(frame.frames) + " samples of " +
                                     std::to_string(frame.channels) + " channels");
    return Sound{frame.rate, frame.channels, frame.format, frame.frames,
                 buffer.first(static_cast<std::size_t>(needed))};
  }
};

}  // namespace dkvm
