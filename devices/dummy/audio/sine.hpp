#pragma once

#include <dkvm/sound.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dkvm::dummy {

// A tone of its own for each channel. Every sample is computed from its index,
// so that neither phase nor pitch drift, however long it sounds.
class Sine {
 public:
  // frequencies: in Hz, one per channel, at least one; the last goes on for the
  // channels behind. level: of the peaks, 0 … 1 of full scale.
  Sine(std::uint32_t rate, std::uint8_t channels, std::vector<double> frequencies, double level);

  // Full scale is -1 … 1.
  double at(std::uint64_t index, std::uint8_t channel) const;

  // Writes the samples from index on, interleaved.
  // Shape: out holds whole samples of all channels
  void fill(std::uint64_t index, SampleFormat format, std::span<std::byte> out) const;

 private:
  std::uint32_t rate_;
  std::vector<double> frequencies_;  // one per channel
  double level_;
};

}  // namespace dkvm::dummy
