#include "devices/dummy/audio/sine.hpp"

#include "devices/media/samples.hpp"

#include <cmath>
#include <numbers>
#include <utility>

namespace dkvm::dummy {

Sine::Sine(std::uint32_t rate, std::uint8_t channels, std::vector<double> frequencies, double level)
    : rate_(rate), frequencies_(std::move(frequencies)), level_(level) {
  const double last = frequencies_.back();
  frequencies_.resize(channels, last);
}

double Sine::at(std::uint64_t index, std::uint8_t channel) const {
  // The turns so far without the whole ones: exact for whole frequencies, and
  // to a millionth of a turn in a day for any other.
  const double turns = frequencies_[channel] * static_cast<double>(index);
  const double phase = std::fmod(turns, static_cast<double>(rate_)) / rate_;
  return level_ * std::sin(2 * std::numbers::pi * phase);
}

void Sine::fill(std::uint64_t index, SampleFormat format, std::span<std::byte> out) const {
  const std::size_t sample_bytes = bytes_per_sample(format);
  const std::size_t frame_bytes = sample_bytes * frequencies_.size();
  for (std::byte* at = out.data(); at + frame_bytes <= out.data() + out.size(); ++index)
    for (std::uint8_t channel = 0; channel < frequencies_.size(); ++channel, at += sample_bytes)
      media::write_sample(format, this->at(index, channel), at);
}

}  // namespace dkvm::dummy
