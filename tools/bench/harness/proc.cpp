#include "tools/bench/harness/proc.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace dkvm::bench {

namespace fs = std::filesystem;

std::vector<MappedRange> mapped_ranges(pid_t pid) {
  std::vector<MappedRange> ranges;
  std::ifstream file(fmt::format("/proc/{}/maps", pid));
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    MappedRange range;
    std::string offset, device, inode;
    char dash = 0;
    fields >> std::hex >> range.begin >> dash >> range.end >> range.access >> offset >> device >>
        inode >> std::ws;
    std::getline(fields, range.name);
    range.file = device + " " + inode;
    ranges.push_back(std::move(range));
  }
  return ranges;
}

std::vector<std::string> open_files(pid_t pid) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(fmt::format("/proc/{}/fd", pid), error)) {
    const fs::path target = fs::read_symlink(entry.path(), error);
    if (!error) files.push_back(target.string());
  }
  return files;
}

Result<std::uint64_t> bytes_moved(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/io", pid));
  std::uint64_t sum = 0;
  bool any = false;
  std::string name;
  for (std::uint64_t value = 0; file >> name >> value;) {
    if (name != "rchar:" && name != "wchar:") continue;
    sum += value;
    any = true;
  }
  if (!any) return fail(Errc::not_found, fmt::format("process {} is gone", pid));
  return sum;
}

}  // namespace dkvm::bench
