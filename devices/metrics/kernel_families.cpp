#include "devices/metrics/rows.hpp"

#include "devices/metrics/limits.hpp"

#include <array>

namespace dkvm::metrics {
namespace {

constexpr std::array<std::string_view, 8> kDeviceStates = {
    "stopped", "starting", "running", "degraded", "stopping", "finished", "backoff", "failed"};
constexpr std::array kDeathReasons = {"exit",    "signal",      "hung", "violation",
                                      "refused", "not_started", "stop"};

int pid_of(const Json& object) { return static_cast<int>(number_of(object, "pid")); }

}  // namespace

void add_kernel(Sheet& sheet, const Snapshot& seen, const SizeOf& size_of) {
  const Json& info = seen.kernel;
  if (info.is_null()) return;
  const auto add = [&](const MetricInfo& metric, const Json& object, const char* name) {
    sheet.add(metric, {}, number_of(object, name));
  };
  sheet.add(metric::kBuildInfo,
            {text_of(info, "name"), text_of(info, "version"), field(info, "protocol").dump()}, 1);
  add(metric::kKernelUptime, info, "uptime_s");
  add(metric::kKernelCpu, info, "cpu_s");
  add(metric::kKernelResident, info, "rss_bytes");
  if (const auto size = size_of(pid_of(info)))
    sheet.add(metric::kKernelProportional, {}, static_cast<double>(*size));
  const Json& loop = field(info, "loop");
  constexpr double kMsPerS = 1000;
  add(metric::kStalls, loop, "stalls");
  add(metric::kStalledSeconds, loop, "stalled_s");
  sheet.add(metric::kStallMax, {}, number_of(loop, "stall_max_ms") / kMsPerS);
  const Json& events = field(info, "events");
  add(metric::kPublished, events, "published");
  for (const char* reason : {"unrouted", "looped", "hops_exceeded", "unknown_ports"})
    sheet.add(metric::kUndelivered, {reason}, number_of(events, reason));
  add(metric::kGaps, info, "gaps");
}

void add_devices(Sheet& sheet, const Snapshot& seen, const SizeOf& size_of, LeftOut& left_out) {
  const auto row = [&](const Json& device) {
    const std::string name = text_of(device, "name");
    sheet.add(metric::kDeviceInfo, {name, text_of(device, "type")}, 1);
    sheet.add_state(metric::kDeviceState, {name}, kDeviceStates, text_of(device, "state"));
    sheet.add(metric::kRestarts, {name}, number_of(device, "restarts"));
    for (const char* reason : kDeathReasons)
      sheet.add(metric::kDeaths, {name, reason}, number_of(field(device, "deaths"), reason));
    sheet.add(metric::kDeviceUptime, {name}, number_of(device, "uptime_s"));
    sheet.add(metric::kLogDelays, {name}, number_of(device, "log_delays"));
    const int pid = pid_of(device);
    if (pid == 0) return;
    sheet.add(metric::kDeviceCpu, {name}, number_of(device, "cpu_s"));
    sheet.add(metric::kDeviceResident, {name}, number_of(device, "rss_bytes"));
    if (const auto size = size_of(pid))
      sheet.add(metric::kDeviceProportional, {name}, static_cast<double>(*size));
  };
  each_row(
      seen.devices, kDevicesMax, "devices", left_out,
      [](const Json& device) { return text_of(device, "name"); }, row);
}

void add_switches(Sheet& sheet, const Snapshot& seen, LeftOut& left_out) {
  const auto row = [&](const Json& each) {
    const std::string name = text_of(each, "name");
    const std::string holder = text_of(each, "target");
    sheet.add(metric::kLocked, {name}, flag_of(each, "locked") ? 1 : 0);
    each_row(
        list_of(each, "targets"), kTargetsPerSwitchMax, "targets", left_out,
        [](const Json& target) { return text_of(target, "name"); },
        [&](const Json& target) {
          const std::string to = text_of(target, "name");
          sheet.add(metric::kInput, {name, to}, to == holder ? 1 : 0);
          sheet.add(metric::kTargetReady, {name, to}, text_of(target, "state") == "away" ? 0 : 1);
        });
  };
  each_row(
      seen.switches, kSwitchesMax, "switches", left_out,
      [](const Json& each) { return text_of(each, "name"); }, row);
}

}  // namespace dkvm::metrics
