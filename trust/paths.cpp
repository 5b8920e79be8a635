#include "trust/paths.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace dkvm::trust {
namespace {

std::optional<std::string> own_environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// What the system says where the environment has no HOME, as in some services.
std::string home_of(uid_t user) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> texts;
  if (::getpwuid_r(user, &entry, texts.data(), texts.size(), &found) != 0 || found == nullptr)
    return "/";
  return found->pw_dir;
}

}  // namespace

std::filesystem::path default_folder(uid_t user, const Environment& environment) {
  const auto set = [&](const char* variable) {
    auto value = environment(variable);
    return value && !value->empty() ? value : std::nullopt;
  };
  if (const auto named = set("DKVM_IDENTITY")) return *named;
  if (user == 0) return "/etc/dkvm";
  const auto config = set("XDG_CONFIG_HOME");
  if (config && config->starts_with('/')) return std::filesystem::path(*config) / "dkvm";
  const auto home = set("HOME");
  return std::filesystem::path(home ? *home : home_of(user)) / ".config/dkvm";
}

std::filesystem::path default_folder() { return default_folder(::geteuid(), own_environment); }

std::filesystem::path expanded(const std::string& folder) {
  if (folder != "~" && !folder.starts_with("~/")) return folder;
  const auto home = own_environment("HOME");
  const std::filesystem::path base = home && !home->empty() ? *home : home_of(::geteuid());
  return folder.size() <= 2 ? base : base / folder.substr(2);
}

}  // namespace dkvm::trust
