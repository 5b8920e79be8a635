#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/setup/file_stamp.hpp"

namespace dkvm {

std::vector<FileStamp> stamps_of(const std::vector<std::string>& paths) {
  constexpr std::int64_t kNsPerSecond = 1'000'000'000;
  std::vector<FileStamp> stamps;
  for (const std::string& path : paths) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    stamps.push_back({path, info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size),
                      info.st_mtim.tv_sec * kNsPerSecond + info.st_mtim.tv_nsec});
  }
  return stamps;
}

std::string find_in_path(std::string_view name, std::string_view path) {
  if (name.find('/') != std::string_view::npos) return std::string(name);
  while (!path.empty()) {
    const std::size_t colon = path.find(':');
    const std::string_view folder = colon == 0 ? "." : path.substr(0, colon);
    std::string candidate = fmt::format("{}/{}", folder, name);
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    path.remove_prefix(colon == std::string_view::npos ? path.size() : colon + 1);
  }
  return {};
}

}  // namespace dkvm
