#include "config/check.hpp"

#include "config/check_parts.hpp"
#include "config/read_sections.hpp"
#include "config/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace dkvm {
namespace detail {
namespace {

// The names that a message may suggest.
std::vector<std::string_view> views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

void check_type(const DeviceConfig& device, const std::vector<std::string>& types,
                ErrorList& errors) {
  if (device.type.empty() || types.empty()) return;
  if (std::find(types.begin(), types.end(), device.type) != types.end()) return;
  errors.add(device.type_at,
             fmt::format("there is no device type {}, expected one that is "
                         "installed{}",
                         in_quotes(device.type), did_you_mean(device.type, views(types))));
}

void check_grants(const DeviceConfig& device, const CheckContext& context) {
  for (const GrantConfig& grant : device.grants) {
    const bool elsewhere = grant.target.find('/') != std::string::npos;
    if (elsewhere || grant.target == kKernelName || context.device(grant.target) != nullptr)
      continue;
    std::vector<std::string_view> names = {kKernelName};
    for (const DeviceConfig& other : context.config.devices) names.push_back(other.name);
    context.errors.add(grant.at,
                       fmt::format("there is no device {} to grant calls at, expected "
                                   "kernel or a device{}",
                                   in_quotes(grant.target), did_you_mean(grant.target, names)));
  }
}

void check_stages(const PipelineConfig& pipeline, const CheckContext& context) {
  std::vector<std::string_view> names;
  for (const StageRule& rule : context.stages) names.push_back(rule.name);
  for (const StageConfig& stage : pipeline.via) {
    const auto rule = std::find_if(context.stages.begin(), context.stages.end(),
                                   [&](const StageRule& each) { return each.name == stage.name; });
    if (rule == context.stages.end()) {
      context.errors.add(stage.at,
                         fmt::format("there is no stage {}, expected {}{}", in_quotes(stage.name),
                                     one_of(names), did_you_mean(stage.name, names)));
      continue;
    }
    for (StageComplaint& complaint : rule->check(stage.args.value)) {
      const auto place = stage.args.place(complaint.pointer);
      context.errors.add(complaint.of_key ? place.key : place.value,
                         fmt::format("stage '{}': {}", stage.name, complaint.message));
    }
  }
}

void check_pipeline_names(const CheckContext& context) {
  std::map<std::string_view, const PipelineConfig*> names;
  for (const PipelineConfig& pipeline : context.config.pipelines) {
    const auto [first, is_new] = names.try_emplace(pipeline.name, &pipeline);
    if (is_new) continue;
    context.errors.add(pipeline.at, fmt::format("pipeline '{}' is there twice, expected it once "
                                                "(the first is at {})",
                                                pipeline.name, to_string(first->second->at)));
  }
}

}  // namespace

CheckContext::CheckContext(const Config& all, const ManifestSource& source,
                           std::span<const StageRule> known_stages, ErrorList& error_list)
    : config(all), manifests(source), stages(known_stages), errors(error_list) {
  for (const DeviceConfig& each : config.devices) {
    devices.emplace(each.name, &each);
    const Manifest* manifest = manifests.find(each);
    links_possible |= manifest == nullptr || manifest->runtime_ports;
  }
}

const DeviceConfig* CheckContext::device(std::string_view name) const {
  const auto found = devices.find(name);
  return found == devices.end() ? nullptr : found->second;
}

}  // namespace detail

ConfigErrors check_config(const Config& config, const ManifestSource& manifests,
                          std::span<const StageRule> stages) {
  detail::ErrorList errors;
  const detail::CheckContext context(config, manifests, stages, errors);
  const std::vector<std::string> types = manifests.types();
  for (const DeviceConfig& device : config.devices) {
    detail::check_type(device, types, errors);
    detail::check_grants(device, context);
    if (const Manifest* manifest = manifests.find(device))
      detail::check_device_keys(device, *manifest, errors);
  }
  detail::check_pipeline_names(context);
  for (const PipelineConfig& pipeline : config.pipelines) {
    detail::check_routes(pipeline, context);
    detail::check_stages(pipeline, context);
  }
  detail::check_cycles(context);
  detail::check_exit_when(context);
  return errors.take();
}

void resolve_paths(Config& config, const ManifestSource& manifests) {
  constexpr std::string_view kStandardStream = "-";
  for (DeviceConfig& device : config.devices) {
    const Manifest* manifest = manifests.find(device);
    if (manifest == nullptr) continue;
    for (const KeyManifest& key : manifest->keys) {
      if (key.type != ValueType::path) continue;
      const auto path = detail::key_pointer(key.name);
      if (!device.config.value.contains(path)) continue;
      nlohmann::json& value = device.config.value[path];
      if (!value.is_string() || value == "" || value == kStandardStream) continue;
      value = detail::resolve_path(device.folder, value.get<std::string>());
    }
  }
}

}  // namespace dkvm
