#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace dkvm::trust {

inline constexpr const char* kKeyFile = "identity.key";
inline constexpr const char* kCertificateFile = "identity.crt";
inline constexpr const char* kTrustFile = "trust";
inline constexpr std::string_view kOldSuffix = ".old";  // of a key that a rotation has replaced

// Where this user's identity and pins are: $DKVM_IDENTITY, else /etc/dkvm for
// root, else $XDG_CONFIG_HOME/dkvm, else ~/.config/dkvm.
// Source: docs/operations.md, "Where identities lie"
std::filesystem::path default_folder();

// The same of another user and environment.
using Environment = std::function<std::optional<std::string>(const char* variable)>;
std::filesystem::path default_folder(uid_t user, const Environment& environment);

// A folder as it is written in a file: `~/` is the user's home.
std::filesystem::path expanded(const std::string& folder);

}  // namespace dkvm::trust
