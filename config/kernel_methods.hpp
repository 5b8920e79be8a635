#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace dkvm {

// Every method that the kernel serves, by name. Grants are checked against it,
// and the kernel serves no other: what is missing here is found at its start.
inline constexpr auto kKernelMethods = std::to_array<std::string_view>({
    "devices.deaths", "devices.get",      "devices.list",      "devices.restart",
    "devices.start",  "devices.stop",     "devices.subscribe", "devices.unsubscribe",
    "kernel.info",    "kernel.reload",    "kernel.stop",       "log.level",
    "log.read",       "pipelines.create", "pipelines.disable", "pipelines.enable",
    "pipelines.list", "pipelines.remove", "pipelines.stats",   "pipelines.watch",
});

constexpr bool is_kernel_method(std::string_view name) {
  return std::find(kKernelMethods.begin(), kKernelMethods.end(), name) != kKernelMethods.end();
}

}  // namespace dkvm
