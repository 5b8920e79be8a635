#pragma once

#include "devices/dummy/audio/tone.hpp"

#include <dkvm/config.hpp>
#include <dkvm/device.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dkvm::dummy {

// What a dummy audio source is told.
struct AudioSettings {
  static void declare(Device& device);
  // Errors: Errc::invalid.
  static Result<AudioSettings> read(const ConfigReader& config);

  // Where the samples come from; settles rate and channels where they are 0.
  // Errors: those of the file.
  Result<std::unique_ptr<Tone>> make_tone();

  std::size_t frame_bytes() const { return std::size_t{bytes_per_sample(format)} * channels; }
  // As many samples per channel as sound for that long, at least one.
  std::uint64_t frames_in(std::chrono::nanoseconds time) const;

  std::string sound;  // sine or file
  std::string file;
  bool loop = true;
  std::vector<double> frequencies;  // Hz
  double level = 0.5;               // of full scale
  std::uint32_t rate = 0;           // Hz; 0: the file's own
  std::uint8_t channels = 0;        // the same
  SampleFormat format = SampleFormat::s16;
  std::chrono::nanoseconds chunk{0};
  std::chrono::nanoseconds duration{0};  // 0: for ever
  bool live = true;                      // at its rate, not as fast as it is taken
  bool waits = false;                    // for a slot, when there is none
  std::string report;
};

}  // namespace dkvm::dummy
