#include "devices/media/new_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace dkvm::media {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> refused(const std::string& path, std::string_view cause,
                              const std::string& expected) {
  return fail(Errc::invalid,
              "'" + path + "' cannot be written: " + std::string(cause) + ", expected " + expected);
}

}  // namespace

Result<> check_can_be_made(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return refused(path, "it is a folder", "a file");
  if (fs::exists(path, error)) {
    if (::access(path.c_str(), W_OK) == 0) return {};
    return refused(path, std::strerror(errno), "a file that may be written to");
  }
  fs::path folder = fs::path(path).parent_path();
  if (folder.empty()) folder = ".";
  const bool blocked = fs::exists(folder, error) && !fs::is_directory(folder, error);
  if (!blocked && ::access(folder.c_str(), W_OK | X_OK) == 0) return {};
  const char* const cause = std::strerror(blocked ? ENOTDIR : errno);
  return refused(path, cause,
                 "the folder '" + folder.string() + "' to be there and open for new files");
}

std::string free_name(const std::string& path) {
  const auto is_free = [](const fs::path& name) {
    std::error_code error;
    if (!fs::exists(name, error)) return true;
    return fs::is_regular_file(name, error) && fs::file_size(name, error) == 0;
  };
  const fs::path whole = path;
  fs::path name = whole;
  for (std::uint64_t number = 2; !is_free(name); ++number) {
    name = whole;
    name.replace_filename(whole.stem().string() + "." + std::to_string(number) +
                          whole.extension().string());
  }
  return name;
}

}  // namespace dkvm::media
