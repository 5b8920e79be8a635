#include "config/model.hpp"

#include <algorithm>

namespace dkvm {

LocatedJson::Place LocatedJson::place(std::string_view pointer) const {
  for (;;) {
    if (const auto found = places.find(std::string(pointer)); found != places.end())
      return found->second;
    const std::size_t slash = pointer.rfind('/');
    if (slash == std::string_view::npos) return {at, at};
    pointer = pointer.substr(0, slash);
  }
}

const DeviceConfig* Config::device(std::string_view name) const {
  const auto found = std::find_if(devices.begin(), devices.end(),
                                  [&](const DeviceConfig& device) { return device.name == name; });
  return found == devices.end() ? nullptr : &*found;
}

std::optional<LogConfig::Level> log_level_named(std::string_view text) {
  using enum LogConfig::Level;
  for (const LogConfig::Level level : {debug, info, notice, warning, error})
    if (name(level) == text) return level;
  return std::nullopt;
}

std::string_view name(LogConfig::Level level) {
  switch (level) {
    case LogConfig::Level::debug: return "debug";
    case LogConfig::Level::info: return "info";
    case LogConfig::Level::notice: return "notice";
    case LogConfig::Level::warning: return "warning";
    case LogConfig::Level::error: return "error";
  }
  return "unknown";
}

std::string_view name(KernelConfig::ExitWhen exit_when) {
  switch (exit_when) {
    case KernelConfig::ExitWhen::never: return "never";
    case KernelConfig::ExitWhen::finished: return "finished";
  }
  return "unknown";
}

std::string_view name(RestartConfig::Policy policy) {
  switch (policy) {
    case RestartConfig::Policy::on_failure: return "on-failure";
    case RestartConfig::Policy::always: return "always";
    case RestartConfig::Policy::never: return "never";
  }
  return "unknown";
}

std::string_view name(QueueConfig::Policy policy) {
  switch (policy) {
    case QueueConfig::Policy::lossless: return "lossless";
    case QueueConfig::Policy::coalesce: return "coalesce";
    case QueueConfig::Policy::latest: return "latest";
    case QueueConfig::Policy::drop_oldest: return "drop-oldest";
    case QueueConfig::Policy::deltas: return "deltas";
    case QueueConfig::Policy::block: return "block";
  }
  return "unknown";
}

}  // namespace dkvm
