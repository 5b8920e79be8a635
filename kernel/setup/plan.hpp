#pragma once

#include "config/loader.hpp"
#include "config/model.hpp"
#include "kernel/device_manager/device_spec.hpp"
#include "kernel/log/level.hpp"
#include "kernel/rpc/grants.hpp"
#include "kernel/setup/catalog.hpp"
#include "pipelines/spec.hpp"
#include "pipelines/switches/spec.hpp"

#include <dkvm/manifest.hpp>
#include <dkvm/result.hpp>

#include <tl/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm {

// One device as the kernel is to run it. Its id is given by the kernel.
struct DevicePlan {
  std::string name;
  std::string type;  // or the program of exec
  DeviceSpec spec;
  std::optional<Manifest> manifest;
  std::string doubt;  // why there is no manifest
  std::vector<Grant> grants;
  std::uint64_t buffer_bytes_max = 0;  // of its pools together
  bool trusted = false;                // may have and read named pools
  bool enabled = true;
};

// What a caller beyond a link may.
struct FarGrant {
  std::string caller;  // link/peer:device, or link/peer:*
  Grant grant;

  bool operator==(const FarGrant&) const = default;
};

// A configuration that was checked, in the words of the modules that do it.
struct Plan {
  Config config;
  KernelConfig kernel;
  std::vector<DevicePlan> devices;
  std::vector<PipelineSpec> pipelines;  // those of the switches too
  std::vector<SwitchSpec> switches;
  std::vector<FarGrant> far_grants;

  // Null when there is none of that name.
  const DevicePlan* device(std::string_view name) const;
};

// Loads and checks the file as a whole, with what the catalog knows so far.
// finished: a file that somebody is writing is refused (ConfigError::unfinished).
// Errors: everything that is wrong with it, located. Nothing was started.
tl::expected<Config, ConfigErrors> load_checked(const std::string& path, const Catalog& catalog,
                                                bool finished = false);

// The plan of a configuration, checked again: the catalog may have learnt more.
tl::expected<Plan, ConfigErrors> make_plan(Config config, const Catalog& catalog);

// One device of it, whose paths are absolute (resolve_paths).
// Errors: what does not fit its environment.
tl::expected<DevicePlan, ConfigErrors> plan_device(const DeviceConfig& device,
                                                   const KernelConfig& kernel,
                                                   const Catalog& catalog);

// The file's level as the log has it.
RecordLevel log_level_of(LogConfig::Level level);

// What is wrong with a log file that could not be opened, at its place.
ConfigError log_file_error(const LogConfig& log, const Error& error);

// What of the plan does not fit the manifests as the catalog knows them now.
ConfigErrors check_again(const Plan& plan, const Catalog& catalog);

// What is wrong with the plan beside these pipelines, made at run time: events
// that would go round in a cycle.
ConfigErrors check_beside(const Plan& plan, const std::vector<PipelineSpec>& made,
                          const Catalog& catalog);

// One pipeline made at run time, YAML or JSON, checked against the rest of the
// plan and those made before. Errors: Errc::invalid with the located messages.
Result<PipelineSpec> plan_pipeline(const std::string& text, const Plan& plan,
                                   const std::vector<PipelineSpec>& made, const Catalog& catalog);

// The order in which the plan's devices are told to stop: each after all that
// feed it. Shape: names by rank.
std::vector<std::vector<std::string>> stop_order(const Plan& plan,
                                                 const std::vector<PipelineSpec>& pipelines);

}  // namespace dkvm
