#pragma once

#include <dkvm/result.hpp>

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

// What /proc tells of a process's memory, descriptors and traffic.
namespace dkvm::bench {

struct MappedRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string access;  // "rw-s"
  std::string file;    // device and inode: what it is, whatever it is called
  std::string name;    // "/memfd:dkvm-pool-1 (deleted)"

  bool holds(std::uint64_t address) const { return begin <= address && address < end; }
  // Of memory that a kernel made for buffers.
  bool is_pool() const { return name.starts_with("/memfd:dkvm-pool"); }
};

// Empty when the process is gone.
std::vector<MappedRange> mapped_ranges(pid_t pid);

// What its descriptors are: "socket:[1234]", "/memfd:dkvm-pool-1 (deleted)".
std::vector<std::string> open_files(pid_t pid);

// Bytes that went through read() and write() and their kin (rchar + wchar).
// Errors: Errc::not_found when it is gone.
Result<std::uint64_t> bytes_moved(pid_t pid);

}  // namespace dkvm::bench
