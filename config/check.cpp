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
    if (pipeline.name.empty()) continue;  // reported as such
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

void check_all(const CheckContext& context) {
  const std::vector<std::string> types = context.manifests.types();
  for (const DeviceConfig& device : context.config.devices) {
    check_type(device, types, context.errors);
    check_grants(device, context);
    if (const Manifest* manifest = context.manifests.find(device))
      check_device_keys(device, *manifest, context.errors);
  }
  check_caller_grants(context);
  check_links(context);
  check_pipeline_names(context);
  for (const PipelineConfig& pipeline : context.config.pipelines) {
    if (pipeline.broken) continue;
    check_routes(pipeline, context);
    check_stages(pipeline, context);
  }
  check_switches(context);
  check_cycles(context);
  check_exit_when(context);
}

}  // namespace detail

ConfigErrors check_config(const Config& config, const ManifestSource& manifests,
                          std::span<const StageRule> stages) {
  detail::ErrorList errors;
  detail::check_all({config, manifests, stages, errors});
  return errors.take();
}

ConfigErrors check_one_way(const Config& config, const ManifestSource& manifests) {
  detail::ErrorList errors;
  detail::check_cycles({config, manifests, {}, errors});
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
