#include "kernel/device_manager/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "kernel/loop/unique_fd.hpp"

namespace dkvm {
namespace {

constexpr std::size_t kStatBytesMax = 1024;

// One look at one file: a list of devices asks for all of them in one turn of the loop.
std::string read_stat(ProcessId pid) {
  const UniqueFd file(::open(fmt::format("/proc/{}/stat", pid).c_str(), O_RDONLY | O_CLOEXEC));
  std::string line(kStatBytesMax, '\0');
  const ssize_t got = file ? ::read(file.get(), line.data(), line.size()) : 0;
  line.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return line;
}

}  // namespace

std::string describe(ExitStatus status) {
  if (status.signal != 0) {
    const char* name = ::sigabbrev_np(status.signal);
    return name ? fmt::format("killed by SIG{}", name)
                : fmt::format("killed by signal {}", status.signal);
  }
  return status.code == kExitNeverStarted ? "never started"
                                          : fmt::format("exit status {}", status.code);
}

ProcessUsage read_usage(ProcessId pid) {
  ProcessUsage usage;
  if (pid <= 0) return usage;
  // The name in parentheses may hold anything: count from its end.
  const std::string stat = read_stat(pid);
  const std::size_t name_end = stat.rfind(')');
  unsigned long long user = 0;
  unsigned long long system = 0;
  unsigned long long resident = 0;
  if (name_end == std::string::npos ||
      std::sscanf(stat.c_str() + name_end + 1,
                  " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d "
                  "%*u %*u %llu",
                  &user, &system, &resident) != 3)
    return usage;
  const auto per_s = static_cast<unsigned long long>(::sysconf(_SC_CLK_TCK));
  usage.cpu_ns = (user + system) * (1'000'000'000ULL / per_s);
  usage.rss_bytes = resident * static_cast<unsigned long long>(::sysconf(_SC_PAGESIZE));
  return usage;
}

}  // namespace dkvm
