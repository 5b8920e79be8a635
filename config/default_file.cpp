#include "config/default_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

namespace dkvm {
namespace {

constexpr std::string_view kBelow = "/dkvm/kvm.yaml";
constexpr std::string_view kOfTheMachine = "/etc/dkvm/kvm.yaml";

}  // namespace

std::vector<std::string> default_config_files(const LoadOptions& options) {
  const auto folder = [&](const char* variable) -> std::string {
    const auto value = options.env ? options.env(variable) : std::nullopt;
    return value && value->starts_with('/') ? *value : std::string();
  };
  std::vector<std::string> files;
  if (const std::string config = folder("XDG_CONFIG_HOME"); !config.empty())
    files.push_back(fmt::format("{}{}", config, kBelow));
  else if (const std::string home = folder("HOME"); !home.empty())
    files.push_back(fmt::format("{}/.config{}", home, kBelow));
  files.emplace_back(kOfTheMachine);
  return files;
}

Result<std::string> find_config_file(const LoadOptions& options,
                                     const std::function<bool(const std::string&)>& exists) {
  const std::vector<std::string> files = default_config_files(options);
  const auto found = std::ranges::find_if(files, exists);
  if (found != files.end()) return *found;
  return fail(Errc::not_found,
              fmt::format("no configuration: {} {}; write one there, or name one with --config",
                          fmt::join(files, " and "),
                          files.size() == 1 ? "does not exist" : "do not exist"));
}

}  // namespace dkvm
