#pragma once

#include "config/loader.hpp"

#include <dkvm/result.hpp>

#include <functional>
#include <string>
#include <vector>

namespace dkvm {

// Where a kernel looks that was given no file: the user's own before the machine's.
// Shape:  $XDG_CONFIG_HOME/dkvm/kvm.yaml, or ~/.config/dkvm/kvm.yaml where that is not set to an
//         absolute path; then /etc/dkvm/kvm.yaml
// Source: docs/config.md, "Which file"
std::vector<std::string> default_config_files(const LoadOptions& options);

// The first of those that is there, readable or not: a file that cannot be read is an error to be
// told, and no reason to run what somebody else has written.
// Errors: Errc::not_found, with all places that were looked at.
Result<std::string> find_config_file(const LoadOptions& options,
                                     const std::function<bool(const std::string&)>& exists);

}  // namespace dkvm
