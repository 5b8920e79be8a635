#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

namespace dkvm {

struct ProcessMemory {
  std::uint64_t rss_bytes = 0;   // resident, exactly
  std::uint64_t pss_bytes = 0;   // of that: its own, and its part of what several share
  std::uint64_t swap_bytes = 0;  // swapped out
};

// The memory of a process, as its pages are counted now: some 0.1 ms of the processor for
// each gigabyte that it has mapped, so not for a loop that events wait for.
// Nothing for a process that is gone or may not be looked at, and on systems without
// /proc/PID/smaps_rollup (Linux has it).
inline std::optional<ProcessMemory> read_process_memory(int pid) {
  constexpr std::uint64_t kKib = 1024;
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  ProcessMemory memory;
  bool any = false;
  for (std::string word; file >> word;) {
    std::uint64_t* const wanted = word == "Rss:"    ? &memory.rss_bytes
                                  : word == "Pss:"  ? &memory.pss_bytes
                                  : word == "Swap:" ? &memory.swap_bytes
                                                    : nullptr;
    if (wanted == nullptr || !(file >> *wanted)) continue;
    *wanted *= kKib;
    any = true;
  }
  if (!any) return std::nullopt;
  return memory;
}

}  // namespace dkvm
