#include "tools/dkvmctl/shared_files.hpp"

#include "config/places.hpp"

#include <fmt/format.h>

namespace dkvm::ctl {

Result<std::filesystem::path> shared_folder() {
  const auto folder = std::filesystem::path(own_folder()).parent_path() / "share" / "dkvm";
  std::error_code ignored;
  if (std::filesystem::is_directory(folder, ignored)) return folder;
  return fail(Errc::not_found,
              fmt::format("{} is missing, which is installed beside dkvmctl", folder.string()));
}

}  // namespace dkvm::ctl
