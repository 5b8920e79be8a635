#include "kernel/rpc/services/devices.hpp"

#include "config/suggest.hpp"
#include "kernel/log/time.hpp"
#include "kernel/rpc/number_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace dkvm {
namespace {

nlohmann::json describe_port(const RoutedPort& port, const TopicTable& topics) {
  return {{"id", port.id},
          {"name", port.name},
          {"direction", wire::EnumNameDirection(port.direction)},
          {"topics", topics.names(port.topics)}};
}

nlohmann::json describe_deaths(const DeathCounts& deaths) {
  nlohmann::json counts = nlohmann::json::object();
  for (std::size_t i = 0; i < kDeathKinds; ++i)
    if (deaths[i] != 0) counts[std::string(name(static_cast<DeathKind>(i)))] = deaths[i];
  return counts;
}

nlohmann::json describe_death(const Death& death) {
  return {{"id", number_key(death.sequence)},
          {"device", death.device},
          {"incarnation", death.incarnation},
          {"time", format_time(death.wall_ns)},
          {"uptime_s", std::chrono::duration<double>(death.lived).count()},
          {"kind", name(death.kind)},
          {"reason", death.reason},
          {"status", dkvm::describe(death.status)},
          {"log", death.log}};
}

}  // namespace

Error no_device(std::string_view name, const CallTransport& devices) {
  return Error(Errc::not_found, fmt::format("there is no device {}{}", detail::in_quotes(name),
                                            detail::did_you_mean(name, devices.device_names())));
}

nlohmann::json DeviceServices::describe(const DeviceSnapshot& snapshot) const {
  const std::int64_t since_ns = wall_ns() - snapshot.since_wall_ns;
  const DevicePlan* plan = plan_of(snapshot.name);
  const PortTable* ports = switchboard.ports(snapshot.id);
  const ProcessUsage used = usage(snapshot.pid);
  return {{"name", snapshot.name},
          {"type", plan == nullptr ? "" : plan->type},
          {"enabled", plan != nullptr && plan->enabled},
          {"state", name(snapshot.state)},
          {"reason", snapshot.reason},
          {"pid", snapshot.pid},
          {"incarnation", snapshot.incarnation},
          {"restarts", snapshot.restarts},
          {"deaths", describe_deaths(snapshot.deaths)},
          {"since_s", static_cast<double>(since_ns) / 1e9},
          {"uptime_s", std::chrono::duration<double>(snapshot.uptime).count()},
          {"next_start_s", std::chrono::duration<double>(snapshot.next_start_in).count()},
          {"cpu_s", static_cast<double>(used.cpu_ns) / 1e9},
          {"rss_bytes", used.rss_bytes},
          {"log_delays", snapshot.log_delays},
          {"port_count", ports == nullptr ? 0 : ports->size()}};
}

// With one page of its ports.
Result<nlohmann::json> DeviceServices::get(const Params& params) const {
  DKVM_TRY(const DeviceId id, named(params));
  DKVM_CHECK(number_after(params));
  const PortTable* table = switchboard.ports(id);
  const auto ports = table == nullptr ? std::vector<const RoutedPort*>{} : table->sorted();
  return page(
      "ports", ports, params, [](const RoutedPort* port) { return number_key(port->id); },
      [this](const RoutedPort* port) { return describe_port(*port, switchboard.topics()); },
      describe(*devices.snapshot(id)));
}

Result<DeviceId> DeviceServices::named(const Params& params) const {
  DKVM_TRY(const std::string device, params.text("name"));
  if (const auto id = devices.find(device)) return *id;
  return fail(no_device(device, switchboard.call_frames()));
}

Result<nlohmann::json> DeviceServices::list_deaths(const Params& params) const {
  DKVM_TRY(const std::string device, params.text_or("name", ""));
  DKVM_CHECK(number_after(params));
  const auto found = devices.deaths(device);
  // Deaths are kept longer than devices that are no longer configured.
  if (found.empty() && !device.empty() && !devices.find(device))
    return fail(no_device(device, switchboard.call_frames()));
  return page(
      "deaths", found, params, [](const Death& death) { return number_key(death.sequence); },
      describe_death);
}

Result<nlohmann::json> DeviceServices::act(const ServiceCall& call, const Params& params,
                                           Act how) const {
  DKVM_TRY(const DeviceId id, named(params));
  DKVM_CHECK(how(devices, id, fmt::format("asked by {}", call.caller)));
  switchboard.settle_soon();
  return describe(*devices.snapshot(id));
}

void DeviceServices::add_to(ServiceTable& table) {
  table.add("devices.list", {"after", "limit"}, [*this](const ServiceCall&, const Params& params) {
    auto all = devices.snapshots();
    std::ranges::sort(all, {}, &DeviceSnapshot::name);
    return page(
        "devices", all, params, [](const DeviceSnapshot& each) { return each.name; },
        [this](const DeviceSnapshot& each) { return describe(each); });
  });
  table.add("devices.get", {"name", "after", "limit"},
            [*this](const ServiceCall&, const Params& params) { return get(params); });
  table.add("devices.start", {"name"}, [*this](const ServiceCall& call, const Params& params) {
    return act(call, params, [](DeviceManager& manager, DeviceId id, const std::string&) {
      return manager.start(id);
    });
  });
  table.add("devices.stop", {"name"}, [*this](const ServiceCall& call, const Params& params) {
    return act(call, params, [](DeviceManager& manager, DeviceId id, const std::string& reason) {
      return manager.stop(id, reason);
    });
  });
  table.add("devices.restart", {"name"}, [*this](const ServiceCall& call, const Params& params) {
    return act(call, params, [](DeviceManager& manager, DeviceId id, const std::string& reason) {
      return manager.restart(id, reason);
    });
  });
  table.add("devices.deaths", {"name", "after", "limit"},
            [*this](const ServiceCall&, const Params& params) { return list_deaths(params); });
  table.add("devices.subscribe", {},
            [*this](const ServiceCall& call, const Params&) -> Result<nlohmann::json> {
              if (call.caller != switchboard.name_of(call.device))
                return fail(Errc::unsupported,
                            "no events come over a link for calls: expected a pipeline from "
                            "kernel/devices to the link");
              switchboard.subscribe(call.device);
              return nlohmann::json::object();
            });
  table.add("devices.trouble", {"reason"},
            [*this](const ServiceCall& call, const Params& params) -> Result<nlohmann::json> {
              DKVM_TRY(std::string reason, params.text("reason"));
              devices.troubled(call.device, std::move(reason));
              switchboard.settle_soon();
              return nlohmann::json::object();
            });
  table.add("devices.unsubscribe", {}, [*this](const ServiceCall& call, const Params&) {
    switchboard.unsubscribe(call.device);
    return nlohmann::json::object();
  });
}

}  // namespace dkvm
