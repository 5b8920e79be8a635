#include "config/check_parts.hpp"

#include <fmt/format.h>

#include <set>
#include <string_view>

// Whether a kernel that ends with its sources can come to its end.
namespace dkvm::detail {

void check_exit_when(const CheckContext& context) {
  const KernelConfig& kernel = context.config.kernel;
  if (kernel.exit_when != KernelConfig::ExitWhen::finished) return;
  std::set<std::string_view> sources;
  for (const PipelineConfig& pipeline : context.config.pipelines)
    for (const Address& from : pipeline.from)
      if (const DeviceConfig* device = context.device(from.device);
          device != nullptr && device->enabled && pipeline.enabled)
        sources.insert(device->name);
  for (const std::string_view name : sources) {
    const DeviceConfig& device = *context.device(name);
    if (device.restart.policy == RestartConfig::Policy::always)
      context.errors.add(device.at,
                         fmt::format("device '{}' with 'restart: always' never finishes, and the "
                                     "kernel waits for it ('exit_when: finished'), expected "
                                     "on-failure or never",
                                     name));
  }
  // What else is wrong may be why there is none.
  if (sources.empty() && context.errors.empty())
    context.errors.add(kernel.exit_when_at,
                       "'kernel.exit_when' is 'finished', but no pipeline that is enabled has a "
                       "source that is, expected one, or exit_when: never");
}

}  // namespace dkvm::detail
