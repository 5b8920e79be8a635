#pragma once

#include "tools/bench/harness/process.hpp"

#include <dkvm/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace dkvm::bench {

// The variable that names the file in which dkvm-kernel-counting counts.
inline constexpr const char* kAllocationsVariable = "DKVM_BENCH_ALLOCATIONS";

// Reads, while it runs, how often a dkvm-kernel-counting has allocated memory:
// the counter lies in a file that both have mapped.
class AllocationCounter {
 public:
  static Result<AllocationCounter> make(const TemporaryFolder& folder);

  AllocationCounter(AllocationCounter&& other) noexcept
      : path_(std::move(other.path_)), counter_(std::exchange(other.counter_, nullptr)) {}
  AllocationCounter& operator=(AllocationCounter&&) = delete;
  ~AllocationCounter();

  std::vector<std::string> environment() const;
  std::uint64_t count() const;

 private:
  AllocationCounter(std::string path, void* counter) : path_(std::move(path)), counter_(counter) {}

  std::string path_;
  void* counter_;
};

}  // namespace dkvm::bench
