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

// Memory that is theirs, and their part of what is shared.
// Errors: Errc::not_found when one of them is gone, or cannot be looked at.
Result<double> pss_mb(const std::vector<pid_t>& pids);
// Errors: those of read_usage()
Result<double> cpu_ns(const std::vector<pid_t>& pids);

// The children of a process whose program's file name is `program`; all for "".
std::vector<pid_t> children_of(pid_t parent, const std::string& program);

}  // namespace dkvm::bench
