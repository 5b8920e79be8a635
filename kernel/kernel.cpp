#include "kernel/kernel.hpp"

#include "config/check.hpp"
#include "config/kernel_methods.hpp"
#include "kernel/loop/assert.hpp"
#include "kernel/rpc/services/devices.hpp"
#include "kernel/rpc/services/kernel.hpp"
#include "kernel/rpc/services/links.hpp"
#include "kernel/rpc/services/logs.hpp"
#include "kernel/rpc/services/memory.hpp"
#include "kernel/rpc/services/pipelines.hpp"
#include "kernel/rpc/services/switches.hpp"
#include "kernel/version.hpp"
#include "kernel/words.hpp"
#include "pipelines/address.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <unordered_map>
#include <utility>

namespace dkvm {
namespace {

// Names this kernel in hop stamps; never 0.
std::uint64_t random_id() {
  std::random_device device;
  const std::uint64_t id = (std::uint64_t{device()} << 32) | device();
  return id == 0 ? 1 : id;
}

DeviceManager::Random jitter() {
  return [engine = std::mt19937_64(std::random_device{}()),
          uniform = std::uniform_real_distribution<double>(0, 1)]() mutable {
    return uniform(engine);
  };
}

nlohmann::json describe(const StallCounts& counts) {
  const auto ms = [](Duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  };
  return {{"stalls", counts.stalls},
          {"stalled_s", std::chrono::duration<double>(counts.sum).count()},
          {"stall_max_ms", ms(counts.longest)},
          {"stall_min_ms", ms(kLoopStallMin)}};
}

}  // namespace

Kernel::Kernel(Loop& loop, Log& log, Spawner& spawner, Reaper& reaper, Catalog& catalog,
               KernelOptions options)
    : loop_(loop),
      stalls_(loop),
      log_(log),
      catalog_(catalog),
      options_(std::move(options)),
      kernel_id_(random_id()),
      started_ns_(now_ns()),
      spawner_(spawner),
      reaper_(reaper),
      read_again_(loop, [this] { read_anew(); }) {}

Kernel::~Kernel() {
  log_.on_record({});
  devices_.reset();  // speaks to the switchboard to the last
}

Result<> Kernel::start(Plan plan) {
  switchboard_ = std::make_unique<Switchboard>(loop_, log_, plan.kernel.name, kernel_id_, grants_);
  devices_ = std::make_unique<DeviceManager>(loop_, *switchboard_, spawner_, reaper_, jitter());
  switchboard_->attach(*devices_);
  switchboard_->memory().set_bytes_max(plan.kernel.buffers);
  if (const std::size_t swept = sweep_named_pools(); swept != 0)
    log_.info("removed {} that kernels before left behind", count_of(swept, "named pool"));
  pipelines_ = std::make_unique<PipelineSet>(switchboard_->router());
  pipelines_->on_changed([this] {
    tell_feeds();
    tell_links();
  });
  add_services();
  switchboard_->on_settled([this] { on_settled(); });
  switchboard_->on_ports_changed([this](DeviceId id) {
    if (makes_links(id)) tell_links();
  });
  switchboard_->on_start([this](DeviceId id) { return may_start(id); });
  switchboard_->on_state([this](DeviceId id, const StateChange& change) { note(id, change); });
  log_.on_record([this](const LogRecord&) {
    if (!polls_.empty()) switchboard_->settle_soon();
  });
  DKVM_CHECK(number_devices(plan));
  for (const DevicePlan& device : plan.devices) DKVM_CHECK(add_device(device));
  plan_ = std::move(plan);
  tell_far_rights();
  DKVM_CHECK(pipelines_->load(plan_.pipelines, plan_.switches, now_ns()));
  log_.info("kernel {} runs {} and {}", plan_.kernel.name, count_of(plan_.devices.size(), "device"),
            count_of(plan_.pipelines.size(), "pipeline"));
  switchboard_->settle_soon();
  return {};
}

void Kernel::add_services() {
  services_ = std::make_unique<ServiceTable>(switchboard_->calls());
  watch_ = std::make_unique<WatchService>(*switchboard_, polls_);
  DeviceServices{*devices_, *switchboard_,
                 [this](const std::string& name) { return plan_.device(name); }}
      .add_to(*services_);
  PipelineServices{*switchboard_, *pipelines_,
                   [this](const std::string& text) { return parse_pipeline(text); }}
      .add_to(*services_);
  SwitchServices{*switchboard_, polls_}.add_to(*services_);
  LinkServices{link_streams_, polls_, [this](DeviceId id) { return makes_links(id); }, now_ns}
      .add_to(*services_);
  LogServices{log_, polls_, switchboard_->call_frames()}.add_to(*services_);
  MemoryServices{switchboard_->memory(),
                 [this](PortRef port) {
                   const PortTable* ports = switchboard_->ports(port.device);
                   return ports == nullptr ? nullptr : ports->find(port.port);
                 },
                 [this](DeviceId id) { return switchboard_->name_of(id); }, now_ns}
      .add_to(*services_);
  const auto answer = [this](const Respond& respond) {
    reload([respond](Result<PlanChanges> changes) {
      respond(changes ? Result<nlohmann::json>(to_json(*changes)) : fail(changes.error()));
    });
  };
  KernelServices{[this] { return info(); }, answer,
                 [this](const std::string& reason) { stop(reason); }}
      .add_to(*services_);
  watch_->add_to(*services_);
  const auto serve = [this](std::uint64_t token, const ServiceCall& call) {
    services_->serve(token, call);
    switchboard_->wake_at(polls_.deadline());
  };
  // Grants are checked against the same list.
  DKVM_ASSERT(std::ranges::equal(services_->methods(), kKernelMethods));
  switchboard_->call_frames().on_serve(serve, services_->methods());
}

void Kernel::on_settled() {
  const std::uint64_t now = now_ns();
  if (!polls_.empty()) {
    polls_.poll(now);
    switchboard_->wake_at(polls_.deadline());
  }
  if (absences_.tick(now)) tell_links();
  switchboard_->wake_at(absences_.due_ns());
  watch_->tick(now);  // also when nobody waits: that is when it ends
  if (!awaited_.empty()) end_with_sources();
}

nlohmann::json Kernel::info() const {
  const ProcessUsage used = read_usage(::getpid());
  const RouterTotals totals = switchboard_->router().totals();
  return {{"name", plan_.kernel.name},
          {"id", fmt::format("{:016x}", kernel_id_)},
          {"version", kVersion},
          {"protocol", kProtocolVersion},
          {"pid", ::getpid()},
          {"uptime_s", static_cast<double>(now_ns() - started_ns_) / 1e9},
          {"config", std::filesystem::absolute(options_.config_path).lexically_normal().string()},
          {"runtime_dir", plan_.kernel.runtime_dir},
          {"devices", plan_.devices.size()},
          {"pipelines", totals.pipelines},
          {"gaps", switchboard_->gaps()},
          {"events",
           {{"published", totals.published},
            {"unrouted", totals.unrouted},
            {"looped", totals.looped},
            {"hops_exceeded", totals.hops_exceeded},
            {"unknown_ports", totals.unknown_ports}}},
          {"watched", watch_->watching()},
          {"loop", describe(stalls_.counts())},
          {"cpu_s", static_cast<double>(used.cpu_ns) / 1e9},
          {"rss_bytes", used.rss_bytes}};
}

Result<PipelineSpec> Kernel::parse_pipeline(const std::string& text) const {
  return plan_pipeline(text, plan_, pipelines_->made_beside(plan_.pipelines), catalog_);
}

// --- carrying out a plan -------------------------------------------------------

// A device keeps its number for as long as this kernel lives.
Result<> Kernel::number_devices(Plan& plan) {
  for (DevicePlan& device : plan.devices) {
    DKVM_TRY(device.spec.id, switchboard_->names().number(device.name));
  }
  return {};
}

Result<> Kernel::add_device(const DevicePlan& device) {
  tell_rights(device);
  say_doubt(device);
  DKVM_CHECK(devices_->add(device.spec));
  return device.enabled ? devices_->start(device.spec.id) : Result<>{};
}

// What a device is held to, and what it may.
void Kernel::tell_rights(const DevicePlan& device) {
  const DeviceId id = device.spec.id;
  switchboard_->set_manifest(id, device.manifest);
  grants_.set(device.name, device.grants);
  switchboard_->memory_frames().set_rights(
      id, {device.trusted, device.buffer_bytes_max, device.spec.supervision.health.enabled});
}

// What callers beyond links may.
void Kernel::tell_far_rights() {
  std::unordered_map<std::string, std::vector<Grant>> grants;
  for (const FarGrant& far : plan_.far_grants) grants[far.caller].push_back(far.grant);
  grants_.set_far(std::move(grants));
}

bool Kernel::makes_links(DeviceId id) const {
  const DevicePlan* device = plan_.device(switchboard_->name_of(id));
  return device != nullptr && device->manifest && device->manifest->runtime_ports;
}

// Links that wait to hear of it are answered at the end of the turn.
void Kernel::tell_links() {
  auto streams = streams_of(pipelines_->all(), plan_, peer_topics(), away_devices(), said_ports_);
  link_owners_.update(open_streams());
  for (LinkStream& stream : streams) stream.device = link_owners_.of(stream.peer);
  if (link_streams_.update(std::move(streams))) switchboard_->settle_soon();
}

LinkOwners::Open Kernel::open_streams() const {
  LinkOwners::Open open;
  for (const DevicePlan& device : plan_.devices)
    if (const PortTable* ports = switchboard_->ports(device.spec.id))
      for (const RoutedPort* port : ports->sorted())
        if (!port->peer.empty() && port->name != port->peer) open[device.name].insert(port->peer);
  return open;
}

// What a device is that nobody could ask before.
void Kernel::hear_ports(DeviceId id) {
  const DevicePlan* device = plan_.device(switchboard_->name_of(id));
  const PortTable* ports = switchboard_->ports(id);
  if (device == nullptr || device->manifest || ports == nullptr) return;
  std::vector<PortManifest>& said = said_ports_[device->name];
  said.clear();
  for (const RoutedPort* port : ports->sorted()) {
    const auto topics = switchboard_->topics().names(port->topics);
    PortManifest heard;
    heard.name = port->name;
    heard.direction = port->direction;
    heard.topics.assign(topics.begin(), topics.end());
    said.push_back(std::move(heard));
  }
  tell_links();
}

AwayDevices Kernel::away_devices() const {
  AwayDevices away;
  for (const DevicePlan& device : plan_.devices)
    if (absences_.away(device.spec.id)) away.insert(device.name);
  return away;
}

PeerTopics Kernel::peer_topics() const {
  PeerTopics peers;
  for (const DevicePlan& device : plan_.devices) {
    const PortTable* ports = switchboard_->ports(device.spec.id);
    if (ports == nullptr || !device.manifest || !device.manifest->runtime_ports) continue;
    for (const RoutedPort* port : ports->sorted())
      if (port->direction == wire::Direction::source)
        peers[port->name].merge(switchboard_->topics().names(port->topics));
  }
  return peers;
}

void Kernel::say_doubt(const DevicePlan& device) {
  if (device.doubt.empty()) return;
  log_.warning("device {}: its ports and configuration are unchecked until it runs: {}",
               device.name, device.doubt);
}

// False when the device's files have changed since it was asked what it is: it
// starts when it has said so again.
bool Kernel::may_start(DeviceId id) {
  const DeviceConfig* device = plan_.config.device(switchboard_->name_of(id));
  if (device == nullptr || stopping_ || !catalog_.is_stale(*device)) return true;
  log_.info("device {}: its program has changed, it is asked what it is now", device->name);
  catalog_.ask_again(*device, [this, id] {
    renew(id);
    devices_->go_ahead(id);
  });
  return false;
}

// The device is to be run as what it has now said to be.
void Kernel::renew(DeviceId id) {
  const std::string name = switchboard_->name_of(id);
  const auto device = std::ranges::find(plan_.devices, name, &DevicePlan::name);
  const DeviceConfig* config = plan_.config.device(name);
  if (config == nullptr || device == plan_.devices.end()) return;  // removed meanwhile
  resolve_paths(plan_.config, catalog_);
  auto renewed = plan_device(*config, plan_.kernel, catalog_);
  if (!renewed) return;  // it fitted before, and is held to that
  for (const ConfigError& error : check_again(plan_, catalog_))
    log_.warning("device {} does not fit the configuration any more: {}", name, to_string(error));
  renewed->spec.id = id;
  *device = std::move(*renewed);
  say_doubt(*device);
  tell_rights(*device);
  tell_links();
  [[maybe_unused]] const auto updated = devices_->update(device->spec);  // fails for a removed one
}

void Kernel::tell_feeds() {
  Admissions::Feeds feeds;
  for (const PipelineSpec& pipeline : pipelines_->all()) {
    if (!pipeline.enabled) continue;
    for (const auto& from : pipeline.from)
      for (const auto& to : pipeline.to) {
        const auto source = devices_->find(device_of(from));
        const auto sink = devices_->find(device_of(to));
        const DevicePlan* plan = plan_.device(device_of(from));
        // Links feed each other in circles and wait for nobody.
        const bool link = plan != nullptr && plan->manifest && plan->manifest->runtime_ports;
        if (source && sink && !link) feeds[*source].push_back(*sink);
      }
  }
  switchboard_->admissions().set_feeds(std::move(feeds));
  awaited_ = plan_.kernel.exit_when == KernelConfig::ExitWhen::finished ? sources()
                                                                        : std::vector<DeviceId>{};
}

}  // namespace dkvm
