#pragma once

#include <dkvm/result.hpp>

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace dkvm::bench {

// What a process has used since it started.
// Errors: Errc::not_found when it is gone.
struct Usage {
  std::uint64_t cpu_ns = 0;  // of all its threads
  std::uint64_t rss_bytes = 0;
  std::uint64_t switches = 0;  // times that it was put on a processor
};
Result<Usage> read_usage(pid_t pid);

// The children of a process whose program's file name is `program`; all for "".
std::vector<pid_t> children_of(pid_t parent, const std::string& program);

}  // namespace dkvm::bench
