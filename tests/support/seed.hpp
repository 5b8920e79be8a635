#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

// Randomness of tests: another seed at every run, named in the failure, and
// given back by DKVM_TEST_SEED.
namespace dkvm::test {

inline bool seed_is_given() { return std::getenv("DKVM_TEST_SEED") != nullptr; }

// DKVM_TEST_SEED where it is set, else one by chance. 32 bits, so that any
// engine takes it.
inline std::uint32_t seed_of_the_run() {
  if (const char* seed = std::getenv("DKVM_TEST_SEED"))
    return static_cast<std::uint32_t>(std::strtoul(seed, nullptr, 10));
  return std::random_device{}();
}

// For a test's INFO: how to get the same run again.
inline std::string again_with(std::uint32_t seed) {
  return "again with DKVM_TEST_SEED=" + std::to_string(seed);
}

class Random {
 public:
  Random() : seed_(seed_of_the_run()), engine_(seed_) {}

  std::string again() const { return again_with(seed_); }

  // From least to most, both included.
  std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(least, most)(engine_);
  }

 private:
  std::uint32_t seed_;
  std::mt19937_64 engine_;
};

}  // namespace dkvm::test
