#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

// Randomness of property tests: another seed at every run, named in the
// failure, and given back by DKVM_TEST_SEED.
namespace dkvm::test {

class Random {
 public:
  Random() : seed_(chosen_seed()), engine_(seed_) {}

  std::string again() const { return "again with DKVM_TEST_SEED=" + std::to_string(seed_); }

  // From least to most, both included.
  std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(least, most)(engine_);
  }

 private:
  static std::uint64_t chosen_seed() {
    if (const char* seed = std::getenv("DKVM_TEST_SEED")) return std::strtoull(seed, nullptr, 10);
    return std::random_device{}();
  }

  std::uint64_t seed_;
  std::mt19937_64 engine_;
};

}  // namespace dkvm::test
