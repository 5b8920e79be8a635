#include "kernel/device_manager/process.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>

namespace dkvm {
namespace {

constexpr std::size_t kProcLineBytesMax = 1024;

std::string read_proc(ProcessId pid, const char* file) {
  struct Close {
    void operator()(std::FILE* opened) const { std::fclose(opened); }
  };
  const std::string path = fmt::format("/proc/{}/{}", pid, file);
  const std::unique_ptr<std::FILE, Close> opened(std::fopen(path.c_str(), "re"));
  std::string line(kProcLineBytesMax, '\0');
  line.resize(opened ? std::fread(line.data(), 1, line.size(), opened.get()) : 0);
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
  const std::string stat = read_proc(pid, "stat");
  const std::size_t name_end = stat.rfind(')');
  unsigned long long user = 0;
  unsigned long long system = 0;
  if (name_end != std::string::npos &&
      std::sscanf(stat.c_str() + name_end + 1,
                  " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) == 2) {
    const auto per_s = static_cast<unsigned long long>(::sysconf(_SC_CLK_TCK));
    usage.cpu_ns = (user + system) * (1'000'000'000ULL / per_s);
  }
  unsigned long long resident = 0;
  if (std::sscanf(read_proc(pid, "statm").c_str(), "%*u %llu", &resident) == 1)
    usage.rss_bytes = resident * static_cast<unsigned long long>(::sysconf(_SC_PAGESIZE));
  return usage;
}

}  // namespace dkvm
