#include "tools/dkvmctl/socket_path.hpp"

#include <cstdlib>

namespace dkvm::ctl {

std::optional<std::string> own_environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

SocketPaths socket_paths(
    const std::string& option, uid_t user,
    const std::function<std::optional<std::string>(const char* variable)>& environment) {
  const auto set = [&](const char* variable) {
    auto value = environment(variable);
    return value && !value->empty() ? value : std::nullopt;
  };
  if (!option.empty()) return {{option}, true};
  if (const auto socket = set("DKVM_SOCKET")) return {{*socket}, true};
  if (const auto directory = set("DKVM_RUNTIME_DIR")) return {{*directory + "/control.sock"}, true};
  SocketPaths usual;
  if (const auto directory = set("XDG_RUNTIME_DIR"))
    usual.paths.push_back(*directory + "/dkvm/control.sock");
  usual.paths.push_back("/run/dkvm/control.sock");
  usual.paths.push_back("/tmp/dkvm-" + std::to_string(user) + "/control.sock");
  return usual;
}

}  // namespace dkvm::ctl
