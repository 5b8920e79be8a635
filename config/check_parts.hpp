#pragma once

#include "config/check.hpp"
#include "config/error_list.hpp"

// The parts of check_config(), one idea each.
namespace dkvm::detail {

struct CheckContext {
  const Config& config;
  const ManifestSource& manifests;
  std::span<const StageRule> stages;
  ErrorList& errors;
};

// The device's `config` against the keys of its manifest.
void check_device_keys(const DeviceConfig& device, const Manifest& manifest, ErrorList& errors);

// Where the key of a manifest (`video.rate`) is in a device's `config`.
nlohmann::json::json_pointer key_pointer(std::string_view name);

// Addresses, directions, topics and policy of one pipeline.
void check_routes(const PipelineConfig& pipeline, const CheckContext& context);

// Pipelines that lead from a device back to itself.
void check_cycles(const CheckContext& context);

// True for devices that open ports while they run: links and the like.
bool has_runtime_ports(const Address& address, const CheckContext& context);

}  // namespace dkvm::detail
