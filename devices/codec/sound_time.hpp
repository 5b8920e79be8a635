#pragma once

#include <chrono>
#include <cstdint>

// Samples and time, without the rounding of doubles.
// Units: rate = samples/s
namespace dkvm::codec {

inline constexpr std::uint64_t kSecondNs = 1'000'000'000;

inline std::uint64_t samples_in(std::chrono::nanoseconds time, std::uint32_t rate) {
  return static_cast<std::uint64_t>(time.count()) * rate / kSecondNs;
}

inline std::uint64_t ns_of(std::uint64_t samples, std::uint32_t rate) {
  return samples / rate * kSecondNs + samples % rate * kSecondNs / rate;
}

}  // namespace dkvm::codec
