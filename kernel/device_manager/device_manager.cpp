#include "kernel/device_manager/device_manager.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "kernel/device_manager/device_manager_impl.hpp"
#include "kernel/loop/clock.hpp"

// What the kernel asks for, the queue of events, and time. What supervisors ask
// for is in device_actions.cpp.
namespace dkvm {
namespace {

// How often the clocks are compared, when nothing else wakes us.
constexpr Duration kSuspendCheckInterval = std::chrono::milliseconds(500);

Error unknown_device(DeviceId id) {
  return Error(Errc::not_found, fmt::format("there is no device {}", id));
}

}  // namespace

DeviceManager::Impl::Impl(Loop& loop, DeviceHost& host, Spawner& spawner, Reaper& reaper,
                          Random random, std::vector<std::uint8_t>& heard)
    : loop_(loop),
      host_(host),
      spawner_(spawner),
      reaper_(reaper),
      random_(std::move(random)),
      heard_(heard),
      suspend_(boottime(), Clock::now()),
      timer_(loop, [this] { after_poll_.request(); }),
      after_poll_(loop, [this] { after_poll(); }) {
  arm(Clock::now() + kSuspendCheckInterval);
}

DeviceManager::Impl::~Impl() {
  for (const auto& [id, device] : devices_) {
    if (device->supervisor.pid() != 0) reaper_.abandon(device->supervisor.pid());
    if (device->cleanup.pid != 0) reaper_.abandon(device->cleanup.pid);
  }
}

// --- what the kernel asks for

DeviceManager::Impl::Device* DeviceManager::Impl::device(DeviceId id) {
  const auto found = devices_.find(id);
  return found == devices_.end() ? nullptr : found->second.get();
}

Result<DeviceManager::Impl::Device*> DeviceManager::Impl::known(DeviceId id) {
  Device* found = device(id);
  if (!found || found->removing) return fail(unknown_device(id));
  return found;
}

Result<> DeviceManager::Impl::add(DeviceSpec spec) {
  Device* const other = device(spec.id);
  if (other && other->removing && other->spec.name == spec.name) {
    other->removing = false;
    --removing_;
    return update(std::move(spec));
  }
  if (other)
    return fail(Errc::invalid,
                fmt::format("device {} has the id {} of {}", spec.name, spec.id, other->spec.name));
  if (find(spec.name)) return fail(Errc::invalid, fmt::format("device {} exists", spec.name));
  if (heard_.size() <= spec.id) heard_.resize(std::size_t{spec.id} + 1);
  const DeviceId id = spec.id;
  Supervisor supervisor(spec.supervision, random_, Clock::now());
  auto made = std::make_unique<Device>(Device{std::move(spec), std::move(supervisor)});
  made->since_wall_ns = wall_ns();
  devices_.emplace(id, std::move(made));
  return {};
}

Result<> DeviceManager::Impl::update(DeviceSpec spec) {
  DKVM_TRY(Device * found, known(spec.id));
  found->spec = std::move(spec);
  if (!stop_) post(found->spec.id, event::Reload{found->spec.supervision});
  return {};
}

Result<> DeviceManager::Impl::remove(DeviceId id, std::string reason) {
  DKVM_TRY(Device * found, known(id));
  found->removing = true;
  ++removing_;
  post(id, event::Stop{std::move(reason), Clock::now()});
  return {};
}

Result<> DeviceManager::Impl::command(DeviceId id, SupervisorEvent event) {
  DKVM_CHECK(known(id));
  if (stop_) return fail(Errc::denied, "the kernel is stopping");
  post(id, std::move(event));
  return {};
}

void DeviceManager::Impl::stop_all(std::string reason, const Ranks& ranks, StopDone done) {
  if (stop_) return;
  const TimePoint now = Clock::now();
  Ranks order(1);
  for (const auto& [id, device] : devices_) {
    const auto has = [id = id](const auto& rank) { return std::ranges::count(rank, id) != 0; };
    if (std::ranges::none_of(ranks, has)) order.front().push_back(id);
    events_.emplace_back(id, event::Stop{reason, now, false});
  }
  order.insert(order.end(), ranks.begin(), ranks.end());
  stop_.emplace(std::move(order), now);
  stop_done_ = std::move(done);
  arm(stop_->deadline(now));
  work();
}

// --- the queue of events

void DeviceManager::Impl::post(DeviceId id, SupervisorEvent event) {
  if (!device(id)) return;
  if (working_ || !events_.empty()) {
    events_.emplace_back(id, std::move(event));
    return work();
  }
  working_ = true;  // most events stand alone, and need no queue
  handle(id, event);
  working_ = false;
  work();
}

void DeviceManager::Impl::work() {
  if (working_) return;
  working_ = true;
  do {
    while (!events_.empty()) {
      const auto [id, event] = std::move(events_.front());
      events_.pop_front();
      handle(id, event);
    }
    forget_removed();
    if (stop_) advance_stop();
  } while (!events_.empty());
  working_ = false;
  if (stop_) finish_stop(Clock::now());
}

void DeviceManager::Impl::handle(DeviceId id, const SupervisorEvent& event) {
  Device* const found = device(id);
  if (!found) return;
  actions_.clear();
  found->supervisor.handle(event, Clock::now(), actions_);
  for (const SupervisorAction& action : actions_)
    std::visit([&](const auto& one) { perform(*found, one); }, action);
  drop_held_start(*found);
  arm(std::min(armed_, found->supervisor.deadline()));
}

void DeviceManager::Impl::forget_removed() {
  if (removing_ == 0) return;
  for (auto next = devices_.begin(); next != devices_.end();) {
    const auto current = next++;
    if (!current->second->removing || !current->second->supervisor.at_rest()) continue;
    const DeviceId id = current->first;
    devices_.erase(current);
    --removing_;
    host_.removed(id);
  }
}

void DeviceManager::Impl::advance_stop() {
  const auto quiet = [this](DeviceId id) {
    const Device* found = device(id);
    return !found || !found->supervisor.has_process() || found->supervisor.said_goodbye();
  };
  for (const DeviceId id : stop_->advance(quiet, Clock::now()))
    if (device(id)) events_.emplace_back(id, event::StopTurn{});
}

void DeviceManager::Impl::finish_stop(TimePoint now) {
  if (!stop_done_) return;
  if (!last_kill_done_ && now >= stop_->requested() + kStopLastKillAfter) {
    last_kill_done_ = true;
    for (const auto& [id, device] : devices_) {
      reaper_.signal(device->supervisor.pid(), KillSignal::kill);
      reaper_.signal(device->cleanup.pid, KillSignal::kill);
    }
  }
  std::vector<std::string> survivors;
  for (const auto& [id, device] : devices_)
    if (!device->supervisor.at_rest()) survivors.push_back(device->spec.name);
  if (!survivors.empty() && now < stop_->requested() + kStopTimeMax) return;
  const StopDone done = std::exchange(stop_done_, {});
  done(survivors);
}

// --- time

void DeviceManager::Impl::arm(TimePoint when) {
  if (when == armed_) return;
  armed_ = when;
  timer_.arm_at(when);
}

void DeviceManager::Impl::after_poll() {
  const TimePoint now = Clock::now();
  armed_ = kNever;
  const Duration slept = suspend_.look(boottime(), Clock::now());
  if (slept > Duration(0)) host_.resumed(slept);
  for (const auto& [id, device] : devices_) {
    if (std::exchange(heard_[id], std::uint8_t{0})) device->supervisor.heard();
    if (device->supervisor.deadline() <= now) events_.emplace_back(id, event::Tick{});
  }
  TimePoint next = now + kSuspendCheckInterval;
  if (stop_) next = std::min(next, stop_->deadline(now));
  arm(next);
  work();
  for (const auto& [id, device] : devices_) next = std::min(next, device->supervisor.deadline());
  arm(std::min(next, armed_));
}

// --- status

DeviceSnapshot DeviceManager::Impl::snapshot_of(const Device& device) const {
  const Supervisor& supervisor = device.supervisor;
  DeviceSnapshot shot;
  shot.id = device.spec.id;
  shot.name = device.spec.name;
  shot.state = supervisor.state();
  shot.reason = supervisor.reason();
  shot.pid = supervisor.pid();
  shot.incarnation = supervisor.incarnation();
  shot.restarts = shot.incarnation > 0 ? shot.incarnation - 1 : 0;
  shot.since_wall_ns = device.since_wall_ns;
  if (supervisor.next_start() != kNever)
    shot.next_start_in = std::max(supervisor.next_start() - Clock::now(), Duration(0));
  if (shot.pid != 0) shot.uptime = Clock::now() - device.spawned;
  shot.deaths = device.deaths;
  shot.log_delays = device.log_delays_before + (device.log ? device.log->delays() : 0);
  shot.cleaning_up = supervisor.cleaning_up();
  shot.wanted = supervisor.wanted();
  return shot;
}

std::optional<DeviceSnapshot> DeviceManager::Impl::snapshot(DeviceId id) const {
  const auto found = devices_.find(id);
  if (found == devices_.end()) return std::nullopt;
  return snapshot_of(*found->second);
}

std::vector<DeviceSnapshot> DeviceManager::Impl::snapshots() const {
  std::vector<DeviceSnapshot> all;
  all.reserve(devices_.size());
  for (const auto& [id, device] : devices_) all.push_back(snapshot_of(*device));
  return all;
}

std::optional<DeviceId> DeviceManager::Impl::find(std::string_view name) const {
  for (const auto& [id, device] : devices_)
    if (device->spec.name == name) return id;
  return std::nullopt;
}

// --- the door

DeviceManager::DeviceManager(Loop& loop, DeviceHost& host, Spawner& spawner, Reaper& reaper,
                             Random random)
    : impl_(std::make_unique<Impl>(loop, host, spawner, reaper, std::move(random), heard_)) {}

DeviceManager::~DeviceManager() = default;

Result<> DeviceManager::add(DeviceSpec spec) { return impl_->add(std::move(spec)); }
Result<> DeviceManager::update(DeviceSpec spec) { return impl_->update(std::move(spec)); }
Result<> DeviceManager::remove(DeviceId id, std::string reason) {
  return impl_->remove(id, std::move(reason));
}
Result<> DeviceManager::start(DeviceId id) { return impl_->command(id, event::Start{}); }
Result<> DeviceManager::stop(DeviceId id, std::string reason) {
  return impl_->command(id, event::Stop{std::move(reason), Clock::now()});
}
Result<> DeviceManager::restart(DeviceId id, std::string reason) {
  return impl_->command(id, event::Restart{std::move(reason)});
}
void DeviceManager::stop_all(std::string reason, const Ranks& ranks, StopDone done) {
  impl_->stop_all(std::move(reason), ranks, std::move(done));
}

void DeviceManager::go_ahead(DeviceId id) { impl_->go_ahead(id); }
void DeviceManager::hello_received(DeviceId id, bool cleanup) {
  impl_->post(id, event::HelloReceived{cleanup});
}
void DeviceManager::hello_accepted(DeviceId id) { impl_->post(id, event::HelloAccepted{}); }
void DeviceManager::started(DeviceId id) { impl_->post(id, event::Started{}); }
void DeviceManager::hello_refused(DeviceId id, const Error& error, bool permanent) {
  impl_->post(id, event::HelloRefused{error.message(), permanent});
}
void DeviceManager::violation(DeviceId id, const Error& error) {
  impl_->post(id, event::Violation{error.message()});
}
void DeviceManager::stream_closed(DeviceId id, bool torn) {
  impl_->post(id, event::StreamClosed{torn});
}
void DeviceManager::stopped_frame(DeviceId id) { impl_->post(id, event::StoppedFrame{}); }
void DeviceManager::troubled(DeviceId id, std::string reason) {
  impl_->post(id, event::Troubled{std::move(reason)});
}
void DeviceManager::input_held(DeviceId id, bool held) { impl_->post(id, event::InputHeld{held}); }

std::optional<DeviceSnapshot> DeviceManager::snapshot(DeviceId id) const {
  return impl_->snapshot(id);
}
std::vector<DeviceSnapshot> DeviceManager::snapshots() const { return impl_->snapshots(); }
std::optional<DeviceId> DeviceManager::find(std::string_view name) const {
  return impl_->find(name);
}
std::vector<Death> DeviceManager::deaths(std::string_view device) const {
  return impl_->deaths().of(device);
}

}  // namespace dkvm
