#include "config/places.hpp"

#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <filesystem>

namespace dkvm {

namespace fs = std::filesystem;

std::string own_folder() {
  char path[PATH_MAX];
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof(path));
  if (length <= 0) return ".";
  return fs::path(std::string(path, static_cast<std::size_t>(length))).parent_path().string();
}

std::vector<std::string> program_folders(const std::string& own_folder) {
  std::vector<std::string> folders;
  if (const char* path = std::getenv("DKVM_DEVICE_PATH")) {
    std::string_view rest = path;
    while (!rest.empty()) {
      const std::size_t colon = rest.find(':');
      if (const auto folder = rest.substr(0, colon); !folder.empty()) folders.emplace_back(folder);
      rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
    }
  }
  folders.push_back(own_folder);
  folders.push_back((fs::path(own_folder).parent_path() / "libexec" / "dkvm").string());
  return folders;
}

std::string find_program(const std::vector<std::string>& folders, std::string_view name) {
  for (const auto& folder : folders) {
    std::string path = (fs::path(folder) / name).string();
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return std::string(name);
}

}  // namespace dkvm
