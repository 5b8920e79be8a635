#include "config/check_parts.hpp"
#include "config/kernel_methods.hpp"
#include "config/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace dkvm::detail {
namespace {

constexpr std::string_view kAllOfService = ".*";

void check_target(const GrantConfig& grant, const CheckContext& context) {
  std::vector<std::string_view> names = {kKernelName};
  for (const DeviceConfig& other : context.config.devices) names.push_back(other.name);
  context.errors.add(grant.at,
                     fmt::format("there is no device {} to grant calls at, expected "
                                 "kernel or a device{}",
                                 in_quotes(grant.target), did_you_mean(grant.target, names)));
}

// The methods of the kernel, and its services as `devices.*`.
const std::vector<std::string>& kernel_patterns() {
  static const std::vector<std::string> patterns = [] {
    std::vector<std::string> all(kKernelMethods.begin(), kKernelMethods.end());
    for (const std::string_view method : kKernelMethods) {
      std::string service(method.substr(0, method.find('.')));
      service += kAllOfService;
      if (std::find(all.begin(), all.end(), service) == all.end()) all.push_back(service);
    }
    return all;
  }();
  return patterns;
}

void check_kernel_methods(const GrantConfig& grant, const CheckContext& context) {
  const auto& patterns = kernel_patterns();
  for (const MethodConfig& method : grant.methods) {
    if (method.name == "*") continue;
    if (std::find(patterns.begin(), patterns.end(), method.name) != patterns.end()) continue;
    const std::vector<std::string_view> known(patterns.begin(), patterns.end());
    context.errors.add(method.at,
                       fmt::format("the kernel has no method {}, expected one such as "
                                   "devices.list, devices.* or *{}",
                                   in_quotes(method.name), did_you_mean(method.name, known)));
  }
}

void check_grant(const GrantConfig& grant, const CheckContext& context) {
  const bool elsewhere = grant.target.find('/') != std::string::npos;
  if (grant.target.empty()) return;  // reported as such
  if (grant.target == kKernelName)
    check_kernel_methods(grant, context);
  else if (!elsewhere && context.device(grant.target) == nullptr)
    check_target(grant, context);
}

}  // namespace

void check_grants(const DeviceConfig& device, const CheckContext& context) {
  for (const GrantConfig& grant : device.grants) check_grant(grant, context);
}

void check_caller_grants(const CheckContext& context) {
  for (const CallerGrantConfig& each : context.config.grants) {
    check_grant(each.grant, context);
    if (!context.links_possible && !each.caller.empty())
      context.errors.add(each.caller_at,
                         fmt::format("{} needs a link, expected a device that makes "
                                     "links",
                                     in_quotes(each.caller)));
  }
}

}  // namespace dkvm::detail
