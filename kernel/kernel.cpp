#include "kernel/kernel.hpp"

#include "config/kernel_methods.hpp"
#include "kernel/loop/assert.hpp"

#include "config/check.hpp"
#include "kernel/rpc/services/devices.hpp"
#include "kernel/rpc/services/kernel.hpp"
#include "kernel/rpc/services/logs.hpp"
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

// The device of `device/port`.
std::string device_of(const std::string& address) { return address.substr(0, address.find('/')); }

// How many came, went or are no longer what they were.
std::size_t changed_pipelines(const std::vector<PipelineSpec>& before,
                              const std::vector<PipelineSpec>& after) {
  const auto missing = [](const auto& from, const auto& in) {
    return std::ranges::count_if(
        from, [&](const auto& spec) { return std::ranges::find(in, spec) == in.end(); });
  };
  const auto gone = std::ranges::count_if(before, [&](const auto& spec) {
    return std::ranges::find(after, spec.name, &PipelineSpec::name) == after.end();
  });
  return static_cast<std::size_t>(missing(after, before) + gone);
}

}  // namespace

Kernel::Kernel(Loop& loop, Log& log, Spawner& spawner, Reaper& reaper, Catalog& catalog,
               std::string config_path)
    : loop_(loop),
      log_(log),
      catalog_(catalog),
      config_path_(std::move(config_path)),
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
  add_services();
  switchboard_->on_settled([this] { on_settled(); });
  switchboard_->on_state([this](DeviceId, const StateChange&) { switchboard_->settle_soon(); });
  log_.on_record([this](const LogRecord&) {
    if (!polls_.empty()) switchboard_->settle_soon();
  });
  for (DevicePlan& device : plan.devices) DKVM_CHECK(add_device(device));
  plan_ = std::move(plan);
  tell_feeds();
  DKVM_CHECK(pipelines_->load(plan_.pipelines, now_ns()));
  log_.info("kernel {} runs {} devices and {} pipelines", plan_.kernel.name, plan_.devices.size(),
            plan_.pipelines.size());
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
  LogServices{log_, polls_, *switchboard_}.add_to(*services_);
  KernelServices{[this] { return info(); }, [this] { return reload(); },
                 [this](const std::string& reason) { stop(reason); }}
      .add_to(*services_);
  watch_->add_to(*services_);
  const auto serve = [this](std::uint64_t token, const ServiceCall& call) {
    services_->serve(token, call);
    switchboard_->wake_at(polls_.deadline());
  };
  // Grants are checked against the same list.
  DKVM_ASSERT(std::ranges::equal(services_->methods(), kKernelMethods));
  switchboard_->on_serve(serve, services_->methods());
}

void Kernel::on_settled() {
  if (!polls_.empty()) {
    const std::uint64_t now = now_ns();
    polls_.poll(now);
    switchboard_->wake_at(polls_.deadline());
    watch_->tick(now);
  }
  if (!awaited_.empty()) end_with_sources();
}

nlohmann::json Kernel::info() const {
  return {{"name", plan_.kernel.name},
          {"id", fmt::format("{:016x}", kernel_id_)},
          {"version", kVersion},
          {"protocol", kProtocolVersion},
          {"pid", ::getpid()},
          {"uptime_s", static_cast<double>(now_ns() - started_ns_) / 1e9},
          {"config", std::filesystem::absolute(config_path_).lexically_normal().string()},
          {"runtime_dir", plan_.kernel.runtime_dir},
          {"devices", plan_.devices.size()},
          {"pipelines", switchboard_->router().totals().pipelines},
          {"gaps", switchboard_->gaps()},
          {"rss_bytes", read_usage(::getpid()).rss_bytes}};
}

Result<PipelineSpec> Kernel::parse_pipeline(const std::string& text) const {
  return plan_pipeline(text, plan_, catalog_);
}

// --- carrying out a plan -------------------------------------------------------

Result<> Kernel::add_device(DevicePlan& device) {
  DKVM_TRY(device.spec.id, switchboard_->id_of(device.name));
  switchboard_->set_manifest(device.spec.id, device.manifest);
  grants_.set(device.name, device.grants);
  if (!device.doubt.empty())
    log_.warning("device {}: its ports and configuration are unchecked until it runs: {}",
                 device.name, device.doubt);
  DKVM_CHECK(devices_->add(device.spec));
  return device.enabled ? devices_->start(device.spec.id) : Result<>{};
}

Result<nlohmann::json> Kernel::reload() {
  auto next = make_plan(config_path_, catalog_, true);
  if (!next) {
    std::string errors = to_string(next.error());
    while (errors.ends_with('\n')) errors.pop_back();
    log_.error("not reloaded, nothing has changed:");
    for (const ConfigError& error : next.error()) log_.error("{}", to_string(error));
    return fail(Errc::invalid, std::move(errors));
  }
  nlohmann::json report = {{"started", nlohmann::json::array()},
                           {"stopped", nlohmann::json::array()},
                           {"changed", nlohmann::json::array()},
                           {"needs_restart", nlohmann::json::array()}};
  if (next->kernel.name != plan_.kernel.name) report["needs_restart"].push_back("kernel.name");
  if (next->kernel.runtime_dir != plan_.kernel.runtime_dir)
    report["needs_restart"].push_back("kernel.runtime_dir");
  report["pipelines_changed"] = changed_pipelines(plan_.pipelines, next->pipelines);
  next->kernel.name = plan_.kernel.name;
  next->kernel.runtime_dir = plan_.kernel.runtime_dir;
  DKVM_CHECK(change_devices(*next, report));
  DKVM_CHECK(pipelines_->load(next->pipelines, now_ns()));
  plan_ = std::move(*next);
  tell_feeds();
  log_.info("reloaded {}: {}", config_path_, report.dump());
  switchboard_->settle_soon();
  return report;
}

Result<> Kernel::change_devices(Plan& next, nlohmann::json& report) {
  for (const DevicePlan& old : plan_.devices) {
    if (next.device(old.name) != nullptr) continue;
    report["stopped"].push_back(old.name);
    grants_.remove(old.name);
    DKVM_CHECK(devices_->remove(old.spec.id, "no longer configured"));
  }
  for (DevicePlan& device : next.devices) {
    const DevicePlan* old = plan_.device(device.name);
    if (old == nullptr) {
      report["started"].push_back(device.name);
      DKVM_CHECK(add_device(device));
      continue;
    }
    device.spec.id = old->spec.id;
    grants_.set(device.name, device.grants);
    const bool other_program = !(device.spec.program == old->spec.program);
    if (other_program) switchboard_->set_manifest(device.spec.id, device.manifest);
    if (other_program || !(device.spec.supervision == old->spec.supervision) ||
        device.enabled != old->enabled || !(device.grants == old->grants))
      report["changed"].push_back(device.name);
    DKVM_CHECK(devices_->update(device.spec));
    if (device.enabled != old->enabled) {
      DKVM_CHECK(device.enabled ? devices_->start(device.spec.id)
                                : devices_->stop(device.spec.id, "disabled in the configuration"));
    } else if (other_program && devices_->snapshot(device.spec.id)->pid != 0) {
      DKVM_CHECK(devices_->restart(device.spec.id, "its configuration changed"));
    }
  }
  return {};
}

void Kernel::tell_feeds() {
  Switchboard::Feeds feeds;
  for (const PipelineSpec& pipeline : plan_.pipelines) {
    if (!pipeline.enabled) continue;
    for (const auto& from : pipeline.from)
      for (const auto& to : pipeline.to) {
        const auto source = devices_->find(device_of(from));
        const auto sink = devices_->find(device_of(to));
        const DevicePlan* plan = plan_.device(device_of(from));
        // Links feed each other in circles and wait for nobody.
        if (source && sink && !(plan->manifest && plan->manifest->runtime_ports))
          feeds[*source].push_back(*sink);
      }
  }
  switchboard_->set_feeds(std::move(feeds));
  awaited_ = plan_.kernel.exit_when == KernelConfig::ExitWhen::finished ? sources()
                                                                        : std::vector<DeviceId>{};
}

// --- the end ---------------------------------------------------------------------

std::vector<DeviceId> Kernel::sources() const {
  std::set<DeviceId> sources;
  for (const PipelineSpec& pipeline : plan_.pipelines)
    if (pipeline.enabled)
      for (const auto& address : pipeline.from)
        if (const auto id = devices_->find(device_of(address))) sources.insert(*id);
  return {sources.begin(), sources.end()};
}

// Where the kernel ends with its sources: true work is done when none of them
// runs any more and all that they sent was applied.
void Kernel::end_with_sources() {
  if (stopping_) return;
  bool failed = false;
  for (const DeviceId source : awaited_) {
    const RunState state = switchboard_->state(source);
    failed = failed || state == RunState::failed;
    if (state != RunState::finished && state != RunState::failed) return;
    if (!switchboard_->router().settled(source)) return;
  }
  if (failed) exit_status_ = 1;
  stop(failed ? "a source has failed" : "all sources have finished");
}

DeviceManager::Ranks Kernel::ranks() const {
  DeviceManager::Ranks ranks;
  for (const auto& names : stop_order(plan_)) {
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
