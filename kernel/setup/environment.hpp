#pragma once

#include "config/model.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm {

// What a device inherits of the kernel's own environment, beside LC_*.
std::span<const std::string_view> inherited_names();

// What a device inherits from the kernel's own environment: an allow-list
// (locale, paths, displays, sound and buses), nothing else.
// Shape: NAME=value.
std::vector<std::string> inherited_environment();

// The whole environment of a device: what is inherited, over it its own
// (`env:` and DKVM_CONFIG…), over that DKVM_DEVICE, DKVM_KERNEL and
// DKVM_RUNTIME_DIR.
std::vector<std::string> process_environment(const std::map<std::string, std::string>& own,
                                             const std::string& device, const KernelConfig& kernel);

}  // namespace dkvm
