#include "tools/bench/harness/usage.hpp"

#include <dkvm/process_memory.hpp>

#include <filesystem>
#include <fstream>
#include <string>

namespace dkvm::bench {
namespace {

namespace fs = std::filesystem;

fs::path proc(pid_t pid) { return fs::path("/proc") / std::to_string(pid); }

// The parent's number from the line of /proc/PID/stat; the name in parentheses
// may hold anything.
pid_t parent_in(const std::string& stat) {
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 4 > stat.size()) return 0;
  return static_cast<pid_t>(std::atoi(stat.c_str() + name_end + 4));
}

}  // namespace

// /proc/PID/schedstat tells of the first thread alone.
Result<Usage> read_usage(pid_t pid) {
  Usage usage;
  std::error_code error;
  bool any = false;
  for (const auto& task : fs::directory_iterator(proc(pid) / "task", error)) {
    std::ifstream file(task.path() / "schedstat");
    std::uint64_t on_cpu_ns = 0;
    std::uint64_t waiting_ns = 0;
    std::uint64_t switches = 0;
    if (!(file >> on_cpu_ns >> waiting_ns >> switches)) continue;
    any = true;
    usage.cpu_ns += on_cpu_ns;
    usage.switches += switches;
  }
  if (!any) return fail(Errc::not_found, "process " + std::to_string(pid) + " is gone");
  // statm may be off by half a megabyte: it sums no per-CPU counters.
  if (const auto memory = read_process_memory(pid)) usage.rss_bytes = memory->rss_bytes;
  return usage;
}

Result<double> pss_mb(const std::vector<pid_t>& pids) {
  constexpr double kBytesPerMb = 1024 * 1024;
  double bytes = 0;
  for (const pid_t pid : pids) {
    const auto memory = read_process_memory(pid);
    if (!memory)
      return fail(Errc::not_found, "the memory of process " + std::to_string(pid) +
                                       " cannot be read: it is gone, or another user's");
    bytes += static_cast<double>(memory->pss_bytes);
  }
  return bytes / kBytesPerMb;
}

Result<double> cpu_ns(const std::vector<pid_t>& pids) {
  double sum = 0;
  for (const pid_t pid : pids) {
    DKVM_TRY(const Usage usage, read_usage(pid));
    sum += static_cast<double>(usage.cpu_ns);
  }
  return sum;
}

std::vector<pid_t> children_of(pid_t parent, const std::string& program) {
  std::vector<pid_t> children;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    if (pid <= 0) continue;
    std::ifstream file(entry.path() / "stat");
    std::string stat;
    if (!std::getline(file, stat) || parent_in(stat) != parent) continue;
    if (program.empty()) {
      children.push_back(pid);
      continue;
    }
    const fs::path running = fs::read_symlink(entry.path() / "exe", error);
    if (!error && running.filename() == program) children.push_back(pid);
  }
  return children;
}

}  // namespace dkvm::bench
