#pragma once

#include "config/address.hpp"
#include "config/limits.hpp"
#include "config/location.hpp"

#include <dkvm/wire/upstream_generated.h>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// kvm.yaml as values: what the loader promises to have checked is in range,
// named and unique; what needs manifests is left to check_config().
// Source: docs/config.md.
namespace dkvm {

// A free-form part of the file as JSON, and where each part of it stands.
struct LocatedJson {
  // The key of a map's entry (an item's own place for lists), and its value.
  struct Place {
    Location key;
    Location value;
  };

  nlohmann::json value;  // null when the file says nothing
  Location at;
  std::map<std::string, Place> places;  // by JSON pointer: "/video/rate", "/files/0"

  // The place of a JSON pointer, or of the closest parent that has one.
  Place place(std::string_view pointer) const;
};

struct LogConfig {
  enum class Level : std::uint8_t { debug, info, notice, warning, error };

  Level level = Level::info;
  std::optional<std::string> file;  // absolute; stderr otherwise
  Location file_at;
  // What the kernel keeps of the logs of all devices together.
  std::uint64_t lines_max = 20'000;
  std::uint64_t bytes_max = 8 * 1024 * 1024;
};

struct KernelConfig {
  enum class ExitWhen : std::uint8_t { never, finished };

  std::string name;         // default: the host's name
  std::string runtime_dir;  // absolute; default: default_runtime_dir()
  LogConfig log;
  ExitWhen exit_when = ExitWhen::never;
  Location exit_when_at;
  std::uint64_t buffers = kKernelBuffersBytesDefault;  // bytes of all pools together
  Location at;
};

struct RestartConfig {
  enum class Policy : std::uint8_t { on_failure, always, never };

  Policy policy = Policy::on_failure;
  std::chrono::milliseconds initial{250};
  double factor = 2;
  std::chrono::milliseconds max{30'000};
  double jitter = 0.2;  // of the delay, to either side
  std::chrono::milliseconds healthy{10'000};
};

// Unset: the device manager's own choice.
struct HealthConfig {
  bool off = false;
  std::optional<std::chrono::milliseconds> interval;
  std::optional<std::uint32_t> misses;
};

// Unset: the launcher's own choice.
struct LimitsConfig {
  std::optional<std::uint64_t> memory;  // bytes of address space
  std::optional<std::uint64_t> open_files;
  std::optional<std::uint64_t> processes;
  std::optional<std::uint64_t> core;  // bytes of a core file
  std::optional<int> nice;
  std::optional<std::uint64_t> log_rate;               // bytes of stderr a second
  std::uint64_t buffers = kDeviceBuffersBytesDefault;  // bytes of its pools together; never unset
};

struct MethodConfig {
  std::string name;  // `devices.list`, `devices.*` or `*`
  Location at;
};

// The device may call these methods at the target.
struct GrantConfig {
  std::string target;  // kernel, a device, link/peer:device
  std::vector<MethodConfig> methods;
  Location at;
};

// The same for a caller that is no device here.
struct CallerGrantConfig {
  std::string caller;  // link/peer:device, or link/peer:* for all of that peer
  Location caller_at;
  GrantConfig grant;
};

struct DeviceConfig {
  std::string name;
  std::string type;               // empty: exec says what to run
  std::vector<std::string> exec;  // program and arguments; empty: type says it
  std::vector<std::string> args;  // after those of exec, or for the type's program
  LocatedJson config;
  std::map<std::string, std::string> env;
  bool enabled = true;
  bool trusted = false;  // may have and read memory that cannot be sealed
  RestartConfig restart;
  std::optional<HealthConfig> health;
  LimitsConfig limits;
  std::vector<GrantConfig> grants;
  std::string folder;   // absolute, of the file that declares it
  Location at;          // its name
  Location type_at;     // the value of type or exec
  bool broken = false;  // had errors: what could not be read is left out
};

struct QueueConfig {
  enum class Policy : std::uint8_t { lossless, coalesce, latest, drop_oldest, deltas, block };

  std::optional<Policy> policy;
  std::optional<std::uint32_t> depth;                // entries
  std::optional<std::chrono::milliseconds> max_age;  // zero: `off`
  Location at;
  Location policy_at;
};

struct StageConfig {
  std::string name;
  LocatedJson args;
  Location at;
};

struct TopicConfig {
  std::string name;
  Location at;
};

struct PipelineConfig {
  std::string name;
  std::vector<Address> from;
  std::vector<Address> to;
  std::vector<TopicConfig> events;  // empty: all that fit
  std::vector<StageConfig> via;
  QueueConfig queue;
  bool enabled = true;
  Location at;          // its name
  bool broken = false;  // had errors: what could not be read is left out
};

// Where the input of a switch can go.
struct SwitchTargetConfig {
  std::string name;
  std::optional<Address> to;  // none: the sources' own machine
  bool relative = false;
  Location at;  // its name
};

// What a chord does: a target's name, `next` or `lock`.
struct HotkeyConfig {
  std::string name;
  std::vector<std::uint16_t> codes;  // evdev, the last is swallowed
  Location at;
};

// Beyond this side of a target's desktop lies that of another.
struct NeighbourConfig {
  std::string target;
  wire::Side side = wire::Side::left;
  std::string beyond;
  Location target_at;
  Location at;
};

struct SwitchConfig {
  std::string name;
  std::vector<Address> sources;
  std::string home;
  Location home_at;
  std::vector<SwitchTargetConfig> targets;
  std::vector<HotkeyConfig> hotkeys;
  std::vector<NeighbourConfig> layout;
  std::chrono::milliseconds delay{0};
  std::uint32_t corners = 16;  // pixels
  Location at;                 // its name
  bool broken = false;         // had errors: what could not be read is left out
};

inline constexpr std::string_view kHotkeyNext = "next";
inline constexpr std::string_view kHotkeyLock = "lock";

struct Config {
  KernelConfig kernel;
  std::vector<DeviceConfig> devices;
  std::vector<PipelineConfig> pipelines;
  std::vector<SwitchConfig> switches;
  std::vector<CallerGrantConfig> grants;

  // Life: points into devices. Null when there is none of that name.
  const DeviceConfig* device(std::string_view name) const;
};

// Nothing when there is no level of that name.
std::optional<LogConfig::Level> log_level_named(std::string_view text);

// As the file writes them.
std::string_view name(LogConfig::Level level);
std::string_view name(KernelConfig::ExitWhen exit_when);
std::string_view name(RestartConfig::Policy policy);
std::string_view name(QueueConfig::Policy policy);

}  // namespace dkvm
