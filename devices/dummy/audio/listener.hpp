#pragma once

#include "devices/media/codecs.hpp"
#include "devices/media/complaints.hpp"

#include <dkvm/sound.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm::dummy {

// What a dummy audio sink does with the sound that comes: writes it into a WAV
// file and keeps account of what is missing.
class Listener {
 public:
  struct Options {
    std::string file{};                   // empty: nowhere
    bool fill = false;                    // what is missing is silence in the file
    std::chrono::nanoseconds longest{0};  // of sound in the file; 0: as long as it gets
    media::Begin begin = media::Begin::anew;
  };

  struct Counts {
    std::uint64_t chunks = 0;
    std::uint64_t samples = 0;  // per channel, that came
    std::uint64_t gaps = 0;
    std::uint64_t lost = 0;       // samples per channel in the gaps
    std::uint64_t restarts = 0;   // sound that begins anew
    std::uint64_t broken = 0;     // frames that lie about their buffer
    std::uint64_t unwritten = 0;  // samples per channel, for which the file is too long
    std::uint64_t refused = 0;    // of another rate or number of channels than the first
  };

  explicit Listener(Options options) : options_(std::move(options)) {}

  // Takes one chunk. What is wrong with it is counted and logged, not returned.
  // Errors: those of the file.
  Result<> take(const AudioFrame& frame, Bytes buffer);
  Result<> finish();

  const Counts& counts() const { return counts_; }
  // Of the first chunk; nullopt before it.
  const std::optional<Sound>& shape() const { return shape_; }
  // Of all samples that came, as they came.
  std::uint32_t crc32() const { return crc32_; }

 private:
  Result<> begin(const Sound& sound, std::uint64_t position);
  Result<> mind_gap(std::uint64_t position);
  Result<> write(const Sound& sound);
  Result<> write_silence(std::uint64_t frames);
  Result<> append(Bytes samples);

  Options options_;
  std::unique_ptr<media::SoundWriter> writer_;
  std::optional<Sound> shape_;                    // without its samples
  std::uint64_t expected_ = 0;                    // position of the next chunk
  std::uint64_t left_bytes_ = ~std::uint64_t{0};  // that the file may still grow by
  Counts counts_;
  std::uint32_t crc32_ = 0;
  std::vector<std::byte> converted_;
  media::Complaints complaints_;
};

}  // namespace dkvm::dummy
