#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dkvm::detail {

// When a process began, in the system's own count; with its number it names a
// process for good. 0: there is none of that number.
std::uint64_t process_start(std::int64_t pid);
std::int64_t own_pid();
// Which numbers of processes are ours to tell: another container has others.
std::uint64_t own_pid_namespace();

// The names of all shared memory objects, of anybody.
std::vector<std::string> shared_memory_names();

}  // namespace dkvm::detail
