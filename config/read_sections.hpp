#pragma once

#include "config/error_list.hpp"
#include "config/loader.hpp"
#include "config/model.hpp"
#include "config/yaml_node.hpp"

#include <string>
#include <string_view>
#include <vector>

// The sections of kvm.yaml, each from its node. What is wrong goes to errors;
// the value is then whatever could be read, for finding more errors.
namespace dkvm::detail {

// Relative paths in a file are of its folder (absolute).
struct SectionContext {
  const std::string& folder;
  ErrorList& errors;
};

KernelConfig read_kernel(const YamlNode& node, const SectionContext& context);

// The entry of `devices`: its name and its map.
DeviceConfig read_device(const YamlEntry& entry, const SectionContext& context);

RestartConfig read_restart(const YamlNode& node, ErrorList& errors);
HealthConfig read_health(const YamlNode& node, ErrorList& errors);
LimitsConfig read_limits(const YamlNode& node, ErrorList& errors);

// Of a device, and of the file.
std::vector<GrantConfig> read_grants(const YamlNode& node, ErrorList& errors);
std::vector<CallerGrantConfig> read_caller_grants(const YamlNode& node, ErrorList& errors);

SwitchConfig read_switch(const YamlNode& node, ErrorList& errors);

// One address or several, of which each is there once.
std::vector<Address> read_addresses(const YamlNode& node, std::string_view what, ErrorList& errors);

PipelineConfig read_pipeline(const YamlNode& node, ErrorList& errors);

// `path` from the folder, unless it is absolute.
std::string resolve_path(const std::string& folder, const std::string& path);

}  // namespace dkvm::detail
