#include <fmt/format.h>

#include <chrono>

#include "kernel/device_manager/device_manager_impl.hpp"

// What supervisors ask for, done with processes.
namespace dkvm {
namespace {

std::string join(const std::vector<std::uint16_t>& codes) {
  return fmt::format("{}", fmt::join(codes, ","));
}

}  // namespace

std::unique_ptr<StderrReader> DeviceManager::Impl::read_log(const Device& device, UniqueFd fd) {
  return std::make_unique<StderrReader>(
      loop_, std::move(fd), device.spec.log_rate,
      [this, id = device.spec.id](RecordLevel level, std::string_view text) {
        host_.log_line(id, level, text);
      });
}

void DeviceManager::Impl::perform(Device& device, const action::Spawn& wanted) {
  device.held_start = wanted.incarnation;
  if (host_.may_start(device.spec.id)) go_ahead(device.spec.id);
}

void DeviceManager::Impl::go_ahead(DeviceId id) {
  Device* const held = device(id);
  if (!held || !held->held_start) return;
  spawn(*held, *std::exchange(held->held_start, std::nullopt));
}

// It was told to stop before it could be started.
void DeviceManager::Impl::drop_held_start(Device& device) {
  if (!device.held_start || device.supervisor.state() != RunState::stopping) return;
  device.held_start.reset();
  post(device.spec.id, event::SpawnFailed{"it was stopped before it was started"});
}

void DeviceManager::Impl::spawn(Device& device, std::uint32_t incarnation) {
  const DeviceId id = device.spec.id;
  device.started = device.spec.program;
  SpawnRequest request{device.started, Stdio::stream};
  device.spawned = Clock::now();
  auto process = spawner_.spawn(request);
  if (!process) return post(id, event::SpawnFailed{process.error().message()});
  reaper_.watch(process->pid, std::move(process->handle),
                {[this, id](ExitStatus status) { on_exited(id, status); },
                 [this, id](bool stopped) {
                   if (stopped)
                     post(id, event::ProcessStopped{});
                   else
                     post(id, event::ProcessContinued{});
                 }});
  device.log = read_log(device, std::move(process->log));
  heard_[id] = 0;
  // Before the host hears of it: what it then says must find a living process.
  post(id, event::Spawned{process->pid});
  host_.connect(id, std::move(process->output), incarnation);
}

// What the device wrote before it ended still counts, so that is read first.
void DeviceManager::Impl::on_exited(DeviceId id, ExitStatus status) {
  Device* const found = device(id);
  if (!found) return;
  host_.drain(id);
  found->log->drain();
  std::vector<std::uint16_t> codes;
  if (found->supervisor.knows_cleanup()) codes = host_.codes_to_release(id);
  const std::vector<std::string> log = host_.log_tail(id);
  post(id, event::Exited{status, std::move(codes), log.empty() ? "" : log.back()});
}

void DeviceManager::Impl::perform(Device& device, const action::RunCleanup& cleanup) {
  const DeviceId id = device.spec.id;
  SpawnRequest request{device.started, Stdio::none};
  request.program.args.emplace_back("--cleanup");
  request.program.env.push_back("DKVM_CLEANUP_CODES=" + join(cleanup.codes));
  auto process = spawner_.spawn(request);
  if (!process) {
    host_.log_line(id, RecordLevel::error, "cleanup: " + process.error().message());
    return post(id, event::CleanupFinished{});
  }
  const ProcessId pid = process->pid;
  reaper_.watch(pid, std::move(process->handle),
                {[this, id](ExitStatus status) { on_cleanup_exited(id, status); }, {}});
  device.cleanup.pid = pid;
  device.cleanup.log = read_log(device, std::move(process->log));
  device.cleanup.limit =
      std::make_unique<Timer>(loop_, [this, pid, &overran = device.cleanup.overran] {
        overran = true;
        reaper_.signal(pid, KillSignal::kill);
      });
  device.cleanup.limit->arm_in(kCleanupTimeMax);
}

void DeviceManager::Impl::on_cleanup_exited(DeviceId id, ExitStatus status) {
  Device* const found = device(id);
  if (!found) return;
  found->cleanup.log->drain();
  const bool overran = found->cleanup.overran && !stop_;  // at its end a kernel waits for none
  found->cleanup = {};
  if (!overran) {
    found->cleanup_told = false;
    if (!status.ok())
      host_.log_line(id, RecordLevel::warning, "its cleanup failed: " + describe(status));
  } else if (!std::exchange(found->cleanup_told, true)) {
    host_.log_line(id, RecordLevel::warning,
                   fmt::format("its cleanup was not done in {} ms, and is run again",
                               kCleanupTimeMax / std::chrono::milliseconds(1)));
  }
  post(id, event::CleanupFinished{overran});
}

void DeviceManager::Impl::perform(Device& device, const action::CleanupGivenUp& given_up) {
  device.cleanup_told = false;
  host_.log_line(device.spec.id, RecordLevel::error,
                 fmt::format("its cleanup was run {} times and not done: {} keys or buttons may be "
                             "down there until its next one",
                             kCleanupRunsMax, given_up.codes.size()));
}

void DeviceManager::Impl::perform(Device& device, const action::SendPing&) {
  host_.send_ping(device.spec.id);
}

void DeviceManager::Impl::perform(Device& device, const action::SendStop& stop) {
  host_.send_stop(device.spec.id, stop.deadline, stop.reason);
}

void DeviceManager::Impl::perform(Device& device, const action::Signal& signal) {
  reaper_.signal(device.supervisor.pid(), signal.signal);
}

void DeviceManager::Impl::perform(Device& device, const action::Disconnect&) {
  device.log_delays_before += device.log->delays();
  device.log.reset();
  host_.disconnect(device.spec.id);
}

void DeviceManager::Impl::perform(Device& device, const action::Gap& gap) {
  host_.gap(device.spec.id, gap.incarnation);
}

void DeviceManager::Impl::perform(Device& device, const action::Died& died) {
  ++device.deaths[static_cast<std::size_t>(died.kind)];
  deaths_.add({0, wall_ns(), device.spec.name, died.incarnation, Clock::now() - device.spawned,
               died.reason, died.kind, died.status, host_.log_tail(device.spec.id)});
}

void DeviceManager::Impl::perform(Device& device, const StateChange& change) {
  if (change.from != change.to) device.since_wall_ns = wall_ns();
  host_.state_changed(device.spec.id, change);
}

}  // namespace dkvm
