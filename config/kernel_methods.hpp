#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace dkvm {

// Every method that the kernel serves, by name. Grants are checked against it,
// and the kernel serves no other: what is missing here is found at its start.
inline constexpr auto kKernelMethods = std::to_array<std::string_view>({
    "devices.deaths",      "devices.get",       "devices.list",      "devices.restart",
    "devices.start",       "devices.stop",      "devices.subscribe", "devices.trouble",
    "devices.unsubscribe", "kernel.info",       "kernel.reload",     "kernel.stop",
    "links.streams",       "log.level",         "log.read",          "memory.allocate",
    "memory.pool",         "memory.release",    "memory.retain",     "memory.stats",
    "pipelines.create",    "pipelines.disable", "pipelines.edges",   "pipelines.enable",
    "pipelines.list",      "pipelines.remove",  "pipelines.select",  "pipelines.stats",
    "pipelines.switches",  "pipelines.watch",
});

// Those that act on what is the caller's own, or that only a link may call, whatever
// is granted: no device needs a grant for them.
inline constexpr auto kUngrantedKernelMethods = std::to_array<std::string_view>({
    "devices.trouble",
    "links.streams",
    "memory.allocate",
    "memory.pool",
    "memory.release",
    "memory.retain",
});

constexpr bool is_kernel_method(std::string_view name) {
  return std::find(kKernelMethods.begin(), kKernelMethods.end(), name) != kKernelMethods.end();
}

constexpr bool needs_grant(std::string_view kernel_method) {
  return std::find(kUngrantedKernelMethods.begin(), kUngrantedKernelMethods.end(), kernel_method) ==
         kUngrantedKernelMethods.end();
}

}  // namespace dkvm
