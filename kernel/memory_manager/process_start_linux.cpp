#include "kernel/memory_manager/process_start.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace dkvm::detail {

std::uint64_t process_start(std::int64_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string stat((std::istreambuf_iterator<char>(file)), {});
  // The name in parentheses may hold anything: count from its end.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;
  constexpr int kFieldsBefore = 19;  // from the state on, field 3, to starttime, field 22
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int i = 0; i < kFieldsBefore; ++i) fields >> skipped;
  std::uint64_t start = 0;
  fields >> start;
  return start;
}

std::int64_t own_pid() { return ::getpid(); }

std::uint64_t own_pid_namespace() {
  struct stat space {};
  return ::stat("/proc/self/ns/pid", &space) == 0 ? space.st_ino : 0;
}

std::vector<std::string> shared_memory_names() {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry("/dev/shm", error);
  for (const std::filesystem::directory_iterator end; !error && entry != end;
       entry.increment(error))
    names.push_back(entry->path().filename().string());
  return names;
}

}  // namespace dkvm::detail
