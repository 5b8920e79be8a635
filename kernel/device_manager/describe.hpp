#pragma once

#include <dkvm/result.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "kernel/device_manager/process.hpp"
#include "kernel/device_manager/spawner.hpp"
#include "kernel/loop/clock.hpp"

namespace dkvm {

inline constexpr Duration kDescribeTimeMax = std::chrono::seconds(2);
inline constexpr std::size_t kDescribeBytesMax = 256 * 1024;
inline constexpr std::size_t kDescribeParallelMax = 32;

// What `<program> <args> --describe` prints: a manifest as JSON, not parsed here.
// Blocks the caller, at most `timeout` for each batch of kDescribeParallelMax.
// Nothing of its process group is left when it returns.
// Errors: timeout · invalid (exit status, output over kDescribeBytesMax) ·
//         not_found (missing or not executable); with the first line of its stderr.
Result<std::string> describe(Spawner& spawner, const Program& program,
                             Duration timeout = kDescribeTimeMax);

// The same for many at once; answers in the order of `programs`.
std::vector<Result<std::string>> describe_all(Spawner& spawner,
                                              const std::vector<Program>& programs,
                                              Duration timeout = kDescribeTimeMax);

}  // namespace dkvm
