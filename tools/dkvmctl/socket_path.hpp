#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dkvm::ctl {

// A variable of this process; nothing where it is not set.
std::optional<std::string> own_environment(const char* variable);

// Where to look for a kernel's control socket.
struct SocketPaths {
  std::vector<std::string> paths;  // the first that answers
  bool named = false;              // by the user, so whoever listens there is meant
};

// option: --socket, empty if it was not given.
// What names a place names the only one; otherwise it is one of those where
// kernels put their socket.
SocketPaths socket_paths(
    const std::string& option, uid_t user,
    const std::function<std::optional<std::string>(const char* variable)>& environment);

}  // namespace dkvm::ctl
