#pragma once

#include "config/model.hpp"

#include <tl/expected.hpp>

#include <map>
#include <string>

namespace dkvm {

// What a device finds in its environment beside what it inherits: its `env:`,
// DKVM_CONFIG (its `config:` as compact JSON, `{}` without one) and one
// DKVM_CONFIG_<KEY> for each scalar of it: upper case, `-` as `_`, nested keys
// joined by `__`, list items by index. Null has no variable; a key with other
// characters than letters, digits, `-` and `_` is in DKVM_CONFIG only.
// Errors: two keys that make the same name; all together more than
//         kConfigEnvBytesMax (names and values, as execve counts them)
tl::expected<std::map<std::string, std::string>, ConfigErrors> device_environment(
    const DeviceConfig& device);

}  // namespace dkvm
