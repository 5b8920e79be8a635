#pragma once

#include <cstdint>

namespace dkvm::dummy {

// A stream of numbers that is the same for the same seeds on every machine
// (splitmix64).
class SeededRandom {
 public:
  explicit SeededRandom(std::uint64_t seed, std::uint64_t stream = 0)
      : state_(mixed(seed) ^ mixed(stream + kStep)) {}

  std::uint64_t next() { return mixed(state_ += kStep); }

  // From least to most, both included.
  std::uint32_t between(std::uint32_t least, std::uint32_t most) {
    return least + static_cast<std::uint32_t>(next() % (std::uint64_t{most} - least + 1));
  }

  // From 0 to 1, without 1.
  double share() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  static constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15;

  static constexpr std::uint64_t mixed(std::uint64_t z) {
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
  }

  std::uint64_t state_;
};

}  // namespace dkvm::dummy
