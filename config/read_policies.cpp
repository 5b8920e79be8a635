#include "config/map_reader.hpp"
#include "config/read_sections.hpp"
#include "config/yaml_values.hpp"

#include <fmt/format.h>

#include <array>

// restart, health and limits of a device.
namespace dkvm::detail {
namespace {

// Enumerators in order, so that the index of a choice is its value.
constexpr std::array<std::string_view, 3> kRestartPolicies = {"on-failure", "always", "never"};
constexpr std::string_view kOff = "off";

}  // namespace

RestartConfig read_restart(const YamlNode& node, ErrorList& errors) {
  RestartConfig restart;
  const Values values{errors};
  const auto read_policy = [&](const YamlNode& value, std::string_view what) {
    if (const auto index = values.choice(value, what, kRestartPolicies))
      restart.policy = static_cast<RestartConfig::Policy>(*index);
  };
  if (!node.is_map()) {
    read_policy(node, "restart");
    return restart;
  }
  MapReader reader(node, "'restart'", errors);
  const auto read_time = [&](std::string_view key, std::chrono::milliseconds& out,
                             std::chrono::milliseconds max) {
    if (const auto* value = reader.take(key))
      out = values.duration(*value, fmt::format("restart.{}", key), kRestartDelayMin, max)
                .value_or(out);
  };
  if (const auto* policy = reader.take("policy")) read_policy(*policy, "restart.policy");
  read_time("initial", restart.initial, kRestartDelayMax);
  if (const auto* factor = reader.take("factor"))
    restart.factor =
        values.number(*factor, "restart.factor", 1, kRestartFactorMax).value_or(restart.factor);
  read_time("max", restart.max, kRestartDelayMax);
  if (const auto* jitter = reader.take("jitter"))
    restart.jitter = values.percent(*jitter, "restart.jitter").value_or(restart.jitter);
  read_time("healthy", restart.healthy, kRestartHealthyMax);
  reader.finish();
  if (restart.max < restart.initial)
    errors.add(reader.key_at(node.find("max") != nullptr ? "max" : "initial"),
               fmt::format("'restart.max' ({}ms) is below 'restart.initial' ({}ms), expected at "
                           "least as much",
                           restart.max.count(), restart.initial.count()));
  return restart;
}

HealthConfig read_health(const YamlNode& node, ErrorList& errors) {
  HealthConfig health;
  const Values values{errors};
  if (!node.is_map()) {
    health.off = node.is_scalar() && node.text == kOff;
    if (!health.off)
      values.wrong(node, "health", "expected off or a map such as {interval: 1s, misses: 3}");
    return health;
  }
  MapReader reader(node, "'health'", errors);
  if (const auto* interval = reader.take("interval"))
    health.interval =
        values.duration(*interval, "health.interval", kHealthIntervalMin, kHealthIntervalMax);
  if (const auto* misses = reader.take("misses"))
    if (const auto value = values.integer(*misses, "health.misses", 1, kHealthMissesMax))
      health.misses = static_cast<std::uint32_t>(*value);
  reader.finish();
  return health;
}

LimitsConfig read_limits(const YamlNode& node, ErrorList& errors) {
  LimitsConfig limits;
  const Values values{errors};
  MapReader reader(node, "'limits'", errors);
  const auto read_count = [&](std::string_view key, std::uint64_t min, std::uint64_t max) {
    const auto* value = reader.take(key);
    if (value == nullptr) return std::optional<std::uint64_t>();
    const auto count =
        values.integer(*value, fmt::format("limits.{}", key), static_cast<std::int64_t>(min),
                       static_cast<std::int64_t>(max));
    return count ? std::optional(static_cast<std::uint64_t>(*count)) : std::nullopt;
  };
  if (const auto* memory = reader.take("memory"))
    limits.memory = values.bytes(*memory, "limits.memory", kLimitMemoryBytesMin, kLimitBytesMax);
  limits.open_files = read_count("open_files", kLimitOpenFilesMin, kLimitOpenFilesMax);
  limits.processes = read_count("processes", 1, kLimitProcessesMax);
  if (const auto* core = reader.take("core"))
    limits.core = values.bytes(*core, "limits.core", 0, kLimitBytesMax);
  if (const auto* nice = reader.take("nice"))
    if (const auto value = values.integer(*nice, "limits.nice", -20, 19))
      limits.nice = static_cast<int>(*value);
  if (const auto* rate = reader.take("log_rate"))
    limits.log_rate = values.byte_rate(*rate, "limits.log_rate", kLogRateBytesMin, kLimitBytesMax);
  if (const auto* buffers = reader.take("buffers"))
    if (const auto value = values.bytes(*buffers, "limits.buffers", 0, kBuffersBytesMax))
      limits.buffers = *value;
  reader.finish();
  return limits;
}

}  // namespace dkvm::detail
