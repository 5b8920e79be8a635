#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// Words about operating-system processes that every platform shares.
namespace dkvm {

using ProcessId = int;

// Exit statuses that the launcher gives when it cannot become the program.
inline constexpr int kExitLimitsRefused = 123;
inline constexpr int kExitNotExecutable = 126;
inline constexpr int kExitNotFound = 127;
// What stands for the status where not even the launcher could be started.
inline constexpr int kExitNeverStarted = -1;

// How a process ended.
struct ExitStatus {
  int code = 0;
  int signal = 0;  // 0: it exited by itself, with `code`

  bool ok() const { return code == 0 && signal == 0; }
};

// "exit status 3", "killed by SIGKILL".
std::string describe(ExitStatus status);

// What is sent to a device's whole process group.
enum class KillSignal : std::uint8_t {
  abort,      // SIGABRT: end, with a core file where cores are allowed
  terminate,  // SIGTERM, and SIGCONT so that a stopped process hears it
  kill,       // SIGKILL
};

// What the launcher sets before it becomes the program. 0 is no limit of ours.
struct ProcessLimits {
  std::uint64_t memory_bytes = 0;  // address space
  std::uint64_t files = 0;
  std::uint64_t processes = 0;   // of the user, as RLIMIT_NPROC counts
  std::uint64_t core_bytes = 0;  // of a core file; 0: it leaves none
  int nice = 0;
  unsigned slice_us = 0;  // of the processor at a time; short: others wait less for it, and
                          // it less for others. Linux 6.12; 0: as long as the system likes

  bool operator==(const ProcessLimits&) const = default;
};

// A program with everything it gets.
struct Program {
  std::string path;               // absolute or with a slash; a bare name is looked up in PATH
  std::vector<std::string> args;  // without argv[0]
  std::vector<std::string> env;   // complete, NAME=value
  ProcessLimits limits;

  bool operator==(const Program&) const = default;
};

struct ProcessUsage {
  std::uint64_t cpu_ns = 0;  // user and system, since it started
  std::uint64_t rss_bytes = 0;
};

// What a living process of ours uses; zeros when it cannot be told.
ProcessUsage read_usage(ProcessId pid);

}  // namespace dkvm
