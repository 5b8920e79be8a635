#include "kernel/setup/plan.hpp"

#include "config/check.hpp"
#include "config/environment.hpp"
#include "kernel/setup/environment.hpp"
#include "kernel/setup/stage_rules.hpp"
#include "kernel/setup/switch_plan.hpp"
#include "pipelines/address.hpp"

#include <dkvm/topics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace dkvm {
namespace {

// Devices off the input path give way to those on it.
constexpr int kNiceOffInputPath = 10;
constexpr unsigned kInputSliceUs = 100;  // Linux 6.12 grants no shorter one

bool carries_input(const PortManifest& port) {
  return std::ranges::any_of(port.topics, [](const std::string& topic) {
    return topic == "*" || topic == "key" || topic.starts_with("pointer_") || topic == "touch";
  });
}

// A device that nobody knows may be one, and so may a link.
bool on_input_path(const Manifest* manifest) {
  return manifest == nullptr || manifest->runtime_ports ||
         std::ranges::any_of(manifest->ports, carries_input);
}

RestartPolicy restart_policy(RestartConfig::Policy policy) {
  switch (policy) {
    case RestartConfig::Policy::on_failure: return RestartPolicy::on_failure;
    case RestartConfig::Policy::always: return RestartPolicy::always;
    case RestartConfig::Policy::never: return RestartPolicy::never;
  }
  return RestartPolicy::on_failure;
}

HealthSpec health_of(const DeviceConfig& device, bool input_path) {
  HealthSpec health;
  health.input_path = input_path;
  if (!device.health) return health;
  health.enabled = !device.health->off;
  for (PingRate* rate : {&health.ordinary, &health.held}) {
    if (device.health->interval) rate->interval = *device.health->interval;
    if (device.health->misses) rate->misses_max = static_cast<int>(*device.health->misses);
  }
  health.held = rate_while_held(health.held);
  return health;
}

SupervisorSpec supervision_of(const DeviceConfig& device, const Manifest* manifest) {
  SupervisorSpec spec;
  spec.restart = restart_policy(device.restart.policy);
  spec.backoff = {device.restart.initial, device.restart.factor, device.restart.max,
                  device.restart.jitter, device.restart.healthy};
  spec.health = health_of(device, on_input_path(manifest));
  spec.cleanup = manifest != nullptr && manifest->cleanup;
  return spec;
}

ProcessLimits limits_of(const DeviceConfig& device, const Manifest* manifest) {
  ProcessLimits limits;
  limits.memory_bytes = device.limits.memory.value_or(0);
  limits.files = device.limits.open_files.value_or(0);
  limits.processes = device.limits.processes.value_or(0);
  limits.core_bytes = device.limits.core.value_or(0);
  const bool input = on_input_path(manifest);
  limits.nice = device.limits.nice.value_or(input ? 0 : kNiceOffInputPath);
  limits.slice_us = input ? kInputSliceUs : 0;
  return limits;
}

PipelineSpec spec_of(const PipelineConfig& config) {
  PipelineSpec spec;
  spec.name = config.name;
  spec.enabled = config.enabled;
  for (const Address& address : config.from) spec.from.push_back(address.text());
  for (const Address& address : config.to) spec.to.push_back(address.text());
  for (const TopicConfig& topic : config.events) spec.events.push_back(topic.name);
  for (const StageConfig& stage : config.via) spec.via.push_back({stage.name, stage.args.value});
  if (config.queue.policy) spec.queue.policy = policy_named(name(*config.queue.policy));
  if (config.queue.depth) spec.queue.depth = *config.queue.depth;
  if (config.queue.max_age)
    spec.queue.max_age_ns =
        static_cast<std::uint64_t>(std::chrono::nanoseconds(*config.queue.max_age).count());
  return spec;
}

Grant grant_of(const GrantConfig& config) {
  Grant grant{config.target, {}};
  for (const MethodConfig& method : config.methods) grant.methods.push_back(method.name);
  return grant;
}

// Where a pipeline of run time begins and ends.
PipelineConfig ends_of(const PipelineSpec& spec) {
  Location at;
  at.file = std::make_shared<const std::string>(fmt::format("pipeline '{}'", spec.name));
  const auto parsed = [&](const std::vector<std::string>& texts) {
    std::vector<Address> addresses;
    for (const std::string& text : texts) {
      auto address = parse_address(text);
      if (!address) continue;  // none that the router took
      address->at = at;
      addresses.push_back(std::move(*address));
    }
    return addresses;
  };
  PipelineConfig ends;
  ends.name = spec.name;
  ends.from = parsed(spec.from);
  ends.to = parsed(spec.to);
  return ends;
}

// The plan's devices that an address may be at: links have their streams in common.
std::vector<std::string_view> devices_at(const std::string& address, const Plan& plan) {
  std::vector<std::string_view> names;
  const std::string_view wanted = device_of(address);
  for (const DevicePlan& device : plan.devices) {
    const bool link = device.manifest && device.manifest->runtime_ports;
    if (device.name == wanted || (link && wanted == kLinkName)) names.push_back(device.name);
  }
  return names;
}

// A cycle that is gone without a pipeline of run time names that pipeline.
ConfigErrors check_beside(const Config& config, const std::vector<PipelineSpec>& made,
                          const Catalog& catalog) {
  const auto check_without = [&](const PipelineSpec* left_out) {
    Config joined = config;
    for (const PipelineSpec& spec : made)
      if (&spec != left_out) joined.pipelines.push_back(ends_of(spec));
    return check_one_way(joined, catalog);
  };
  const ConfigErrors errors = check_without(nullptr);
  ConfigErrors named = errors;
  if (errors.empty()) return named;
  for (const PipelineSpec& spec : made) {
    const ConfigErrors others = check_without(&spec);
    for (std::size_t i = 0; i < errors.size(); ++i)
      if (std::ranges::find(others, errors[i].message, &ConfigError::message) == others.end())
        named[i].message += fmt::format("; '{}' was made at run time", spec.name);
  }
  return named;
}

}  // namespace

const DevicePlan* Plan::device(std::string_view name) const {
  const auto found = std::ranges::find(devices, name, &DevicePlan::name);
  return found == devices.end() ? nullptr : &*found;
}

tl::expected<Config, ConfigErrors> load_checked(const std::string& path, const Catalog& catalog,
                                                bool finished) {
  LoadOptions options = LoadOptions::of_this_machine();
  options.finished = finished;
  return load_checked_config(path, options, catalog, stage_rules());
}

tl::expected<Plan, ConfigErrors> make_plan(Config config, const Catalog& catalog) {
  if (auto errors = check_config(config, catalog, stage_rules()); !errors.empty())
    return tl::unexpected(std::move(errors));
  resolve_paths(config, catalog);
  Plan plan;
  plan.kernel = config.kernel;
  for (const DeviceConfig& device : config.devices) {
    auto planned = plan_device(device, config.kernel, catalog);
    if (!planned) return tl::unexpected(std::move(planned).error());
    plan.devices.push_back(std::move(*planned));
  }
  ConfigErrors errors;
  for (const PipelineConfig& pipeline : config.pipelines) {
    plan.pipelines.push_back(spec_of(pipeline));
    // Nothing that is fine here fails in the router, when devices run already.
    if (auto fine = check(plan.pipelines.back()); !fine)
      errors.push_back({pipeline.at, fine.error().message()});
  }
  for (const SwitchConfig& each : config.switches) {
    plan.switches.push_back(switch_of(each));
    for (PipelineSpec& pipeline : target_pipelines(plan.switches.back()))
      plan.pipelines.push_back(std::move(pipeline));
  }
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  for (const CallerGrantConfig& each : config.grants)
    plan.far_grants.push_back({each.caller, grant_of(each.grant)});
  plan.config = std::move(config);
  return plan;
}

tl::expected<DevicePlan, ConfigErrors> plan_device(const DeviceConfig& device,
                                                   const KernelConfig& kernel,
                                                   const Catalog& catalog) {
  auto environment = device_environment(device);
  if (!environment) return tl::unexpected(std::move(environment).error());
  const Manifest* manifest = catalog.find(device);
  DevicePlan plan;
  plan.name = device.name;
  plan.type = device.exec.empty() ? device.type : device.exec.front();
  plan.doubt = catalog.doubt(device);
  plan.enabled = device.enabled;
  plan.buffer_bytes_max = device.limits.buffers;
  plan.trusted = device.trusted;
  if (manifest != nullptr) plan.manifest = *manifest;
  plan.spec.name = device.name;
  plan.spec.program = {catalog.program_of(device), Catalog::arguments_of(device),
                       process_environment(*environment, device.name, kernel),
                       limits_of(device, manifest)};
  plan.spec.supervision = supervision_of(device, manifest);
  if (device.limits.log_rate) {
    const auto rate = static_cast<std::size_t>(*device.limits.log_rate);
    plan.spec.log_rate = {rate, rate};
  }
  for (const GrantConfig& grant : device.grants) plan.grants.push_back(grant_of(grant));
  return plan;
}

RecordLevel log_level_of(LogConfig::Level level) {
  switch (level) {
    case LogConfig::Level::debug: return RecordLevel::debug;
    case LogConfig::Level::info: return RecordLevel::info;
    case LogConfig::Level::notice: return RecordLevel::notice;
    case LogConfig::Level::warning: return RecordLevel::warning;
    case LogConfig::Level::error: return RecordLevel::error;
  }
  return RecordLevel::info;
}

ConfigError log_file_error(const LogConfig& log, const Error& error) {
  return {log.file_at, "'kernel.log.file': " + error.message()};
}

ConfigErrors check_again(const Plan& plan, const Catalog& catalog) {
  return check_config(plan.config, catalog, stage_rules());
}

ConfigErrors check_beside(const Plan& plan, const std::vector<PipelineSpec>& made,
                          const Catalog& catalog) {
  return check_beside(plan.config, made, catalog);
}

Result<PipelineSpec> plan_pipeline(const std::string& text, const Plan& plan,
                                   const std::vector<PipelineSpec>& made, const Catalog& catalog) {
  auto pipeline = parse_pipeline_text(text, "pipeline");
  if (!pipeline) return fail(Errc::invalid, to_string(pipeline.error()));
  Config config = plan.config;
  config.pipelines.push_back(*pipeline);
  if (const auto errors = check_config(config, catalog, stage_rules()); !errors.empty())
    return fail(Errc::invalid, to_string(errors));
  if (const auto errors = check_beside(std::move(config), made, catalog); !errors.empty())
    return fail(Errc::invalid, to_string(errors));
  return spec_of(*pipeline);
}

std::vector<std::vector<std::string>> stop_order(const Plan& plan,
                                                 const std::vector<PipelineSpec>& pipelines) {
  std::map<std::string, std::size_t, std::less<>> rank;
  for (const DevicePlan& device : plan.devices) rank[device.name] = 0;
  // A device's rank is the longest way to it; as many passes as devices reach
  // every one, and end a cycle through a link.
  bool changed = true;
  for (std::size_t pass = 0; changed && pass < plan.devices.size(); ++pass) {
    changed = false;
    for (const PipelineSpec& pipeline : pipelines)
      for (const std::string& from : pipeline.from)
        for (const std::string& to : pipeline.to) {
          for (const std::string_view source : devices_at(from, plan))
            for (const std::string_view sink : devices_at(to, plan)) {
              const std::size_t before = rank.find(source)->second;
              std::size_t& after = rank.find(sink)->second;
              if (source == sink || after > before || before + 1 >= plan.devices.size()) continue;
              after = before + 1;
              changed = true;
            }
        }
  }
  std::vector<std::vector<std::string>> order;
  for (const auto& [device, position] : rank) {
    if (order.size() <= position) order.resize(position + 1);
    order[position].push_back(device);
  }
  return order;
}

}  // namespace dkvm
