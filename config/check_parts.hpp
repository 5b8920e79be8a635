#pragma once

#include "config/check.hpp"
#include "config/error_list.hpp"

#include <map>
#include <span>
#include <string_view>

// The parts of check_config(), one idea each.
namespace dkvm::detail {

struct CheckContext {
  CheckContext(const Config& all, const ManifestSource& source,
               std::span<const StageRule> known_stages, ErrorList& error_list);

  // Null when there is none of that name.
  const DeviceConfig* device(std::string_view name) const;

  const Config& config;
  const ManifestSource& manifests;
  std::span<const StageRule> stages;
  ErrorList& errors;
  bool links_possible = false;  // a device opens ports while it runs, or might
  std::map<std::string_view, const DeviceConfig*> devices;
};

// Everything that check_config() looks at. Devices and pipelines that are broken
// are judged by what could be read of them.
void check_all(const CheckContext& context);

// The device's `config` against the keys of its manifest.
void check_device_keys(const DeviceConfig& device, const Manifest& manifest, ErrorList& errors);

// The targets and methods of the calls that a device may make.
void check_grants(const DeviceConfig& device, const CheckContext& context);

// The same for callers that are no devices here.
void check_caller_grants(const CheckContext& context);

// That no two devices which make links name the same peer or pin.
void check_links(const CheckContext& context);

// Where the key of a manifest (`video.rate`) is in a device's `config`.
nlohmann::json::json_pointer key_pointer(std::string_view name);

// Addresses, directions, topics and policy of one pipeline.
void check_routes(const PipelineConfig& pipeline, const CheckContext& context);

// Names, chords, layout and addresses of the switches.
void check_switches(const CheckContext& context);

// Sources and targets of one switch.
void check_switch_routes(const SwitchConfig& it, const CheckContext& context);

// `exit_when: finished` with sources that can finish.
void check_exit_when(const CheckContext& context);

// Pipelines that lead from a device back to itself.
void check_cycles(const CheckContext& context);

// True for devices that open ports while they run: links and the like.
bool has_runtime_ports(const Address& address, const CheckContext& context);

}  // namespace dkvm::detail
