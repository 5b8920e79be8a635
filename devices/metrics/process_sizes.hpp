#pragma once

#include <dkvm/process_memory.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace dkvm::metrics {

// Proportional memory of processes. To count it, the system walks their page tables: each
// is looked at every kSizeAgeMax only, and kSizesPerPageMax at a time, new ones first.
class ProcessSizes {
 public:
  using Read = std::function<std::optional<ProcessMemory>(int pid)>;

  explicit ProcessSizes(Read read = read_process_memory) : read_(std::move(read)) {}

  // Looks at those whose turn it is, and forgets all that are not there any more.
  void look(const std::vector<int>& pids, std::uint64_t now_ns);
  // As it was when it was last looked at; nothing for a process that may not be, or has
  // not been yet.
  std::optional<std::uint64_t> proportional_bytes(int pid) const;

 private:
  struct Seen {
    std::uint64_t at_ns = 0;  // 0: not yet
    std::optional<std::uint64_t> bytes;
  };

  Read read_;
  std::map<int, Seen> seen_;  // by pid
};

}  // namespace dkvm::metrics
