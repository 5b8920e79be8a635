#include "kernel/kernel.hpp"

#include "config/check.hpp"
#include "config/kernel_methods.hpp"
#include "kernel/loop/assert.hpp"
#include "kernel/losses.hpp"
#include "kernel/rpc/services/devices.hpp"
#include "kernel/rpc/services/kernel.hpp"
#include "kernel/rpc/services/logs.hpp"
#include "kernel/rpc/services/memory.hpp"
#include "kernel/rpc/services/pipelines.hpp"
#include "kernel/version.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
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

std::string count_of(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

Kernel::Kernel(Loop& loop, Log& log, Spawner& spawner, Reaper& reaper, Catalog& catalog,
               KernelOptions options)
    : loop_(loop),
      log_(log),
      catalog_(catalog),
      options_(std::move(options)),
      kernel_id_(random_id()),
      started_ns_(now_ns()),
      spawner_(spawner),
      reaper_(reaper) {}

Kernel::~Kernel() {
  log_.on_record({});
  devices_.reset();  // speaks to the switchboard to the last
}

Result<> Kernel::start(Plan plan) {
  switchboard_ = std::make_unique<Switchboard>(loop_, log_, plan.kernel.name, kernel_id_, grants_);
  devices_ = std::make_unique<DeviceManager>(loop_, *switchboard_, spawner_, reaper_, jitter());
  switchboard_->attach(*devices_);
  pipelines_ = std::make_unique<PipelineSet>(switchboard_->router());
  pipelines_->on_changed([this] { tell_feeds(); });
  add_services();
  switchboard_->on_settled([this] { on_settled(); });
  switchboard_->on_start([this](DeviceId id) { return may_start(id); });
  switchboard_->on_state([this](DeviceId, const StateChange&) { switchboard_->settle_soon(); });
  log_.on_record([this](const LogRecord&) {
    if (!polls_.empty()) switchboard_->settle_soon();
  });
  DKVM_CHECK(number_devices(plan));
  for (const DevicePlan& device : plan.devices) DKVM_CHECK(add_device(device));
  plan_ = std::move(plan);
  switchboard_->memory().set_bytes_max(plan_.kernel.buffers);
  if (const auto swept = sweep_named_pools(); swept > 0)
    log_.info("{} of kernels that are no more removed", count_of(swept, "named pool"));
  DKVM_CHECK(pipelines_->load(plan_.pipelines, now_ns()));
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
  MemoryServices{switchboard_->memory(),
                 [this](PortRef port) {
                   const PortTable* ports = switchboard_->ports(port.device);
                   return ports == nullptr ? nullptr : ports->find(port.port);
                 },
                 [this](DeviceId device) { return switchboard_->name_of(device); }, now_ns}
      .add_to(*services_);
  LogServices{log_, polls_, switchboard_->call_frames()}.add_to(*services_);
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
  watch_->tick(now);  // also when nobody waits: that is when it ends
  if (!awaited_.empty()) end_with_sources();
}

nlohmann::json Kernel::info() const {
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
          {"rss_bytes", read_usage(::getpid()).rss_bytes}};
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
  switchboard_->set_manifest(device.spec.id, device.manifest);
  grants_.set(device.name, device.grants);
  set_buffer_rights(device);
  say_doubt(device);
  DKVM_CHECK(devices_->add(device.spec));
  return device.enabled ? devices_->start(device.spec.id) : Result<>{};
}

void Kernel::set_buffer_rights(const DevicePlan& device) {
  switchboard_->memory_frames().set_rights(
      device.spec.id,
      {device.trusted, device.buffer_bytes_max, device.spec.supervision.health.enabled});
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
  switchboard_->set_manifest(id, device->manifest);
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

// --- the end ---------------------------------------------------------------------

std::vector<DeviceId> Kernel::sources() const {
  std::set<DeviceId> sources;
  for (const PipelineSpec& pipeline : pipelines_->all())
    if (pipeline.enabled)
      for (const auto& address : pipeline.from)
        if (const auto id = devices_->find(device_of(address))) sources.insert(*id);
  return {sources.begin(), sources.end()};
}

// Where the kernel ends with its sources: work is done when none of them runs
// any more, or is going to, and all that they sent was applied.
void Kernel::end_with_sources() {
  if (stopping_) return;
  bool failed = false;
  for (const DeviceId source : awaited_) {
    const RunState state = switchboard_->state(source);
    failed = failed || state == RunState::failed;
    const bool over =
        state == RunState::finished || state == RunState::failed || state == RunState::stopped;
    if (!over || !switchboard_->router().settled(source)) return;
  }
  if (!all_delivered() || failed) exit_status_ = 1;
  stop(failed ? "a source has failed" : "all sources have finished");
}

bool Kernel::all_delivered() {
  std::vector<std::string> names;
  for (const DeviceId source : awaited_) names.push_back(switchboard_->name_of(source));
  const auto all = switchboard_->router().stats();
  auto losses = losses_of(all, names);
  for (const PipelineSpec& spec : pipelines_->all()) {
    const auto stats = std::ranges::find(all, spec.name, &PipelineStats::name);
    if (stats == all.end() || stats->state == PipelineState::disabled) continue;
    for (Loss& loss : losses_at_absent(spec, *stats, names, [this](std::string_view device) {
           return switchboard_->router().published(devices_->find(device).value_or(0));
         }))
      losses.push_back(std::move(loss));
  }
  for (const Loss& loss : losses)
    log_.error("pipeline '{}': {} from {} did not reach {}{}{}", loss.pipeline,
               count_of(loss.events, "event"), loss.source, loss.sink,
               loss.reason.empty() ? "" : ": ", loss.reason);
  return losses.empty();
}

DeviceManager::Ranks Kernel::ranks() const {
  DeviceManager::Ranks ranks;
  for (const auto& names : stop_order(plan_, pipelines_->all())) {
    auto& rank = ranks.emplace_back();
    for (const auto& name : names)
      if (const auto id = devices_->find(name)) rank.push_back(*id);
  }
  return ranks;
}

void Kernel::stop(const std::string& reason) {
  if (std::exchange(stopping_, true)) return;
  log_.info("stopping: {}", reason);
  devices_->stop_all(reason, ranks(), [this](const std::vector<std::string>& survivors) {
    for (const auto& name : survivors) log_.error("device {} would not die", name);
    if (!survivors.empty()) exit_status_ = 1;
    log_.info("kernel {} has stopped", plan_.kernel.name);
    loop_.stop();
  });
}

}  // namespace dkvm
