#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernel/device_manager/device_manager.hpp"
#include "kernel/device_manager/stop_plan.hpp"
#include "kernel/device_manager/supervisor.hpp"
#include "kernel/device_manager/suspend_watch.hpp"
#include "kernel/log/stderr_reader.hpp"

namespace dkvm {

// Events wait in one queue, so a host that calls back in the middle of an
// action changes nothing under our feet. The queue is as long as what one
// callback of the loop can cause.
class DeviceManager::Impl {
 public:
  Impl(Loop& loop, DeviceHost& host, Spawner& spawner, Reaper& reaper, Random random,
       std::vector<std::uint8_t>& heard);
  ~Impl();

  Result<> add(DeviceSpec spec);
  Result<> update(DeviceSpec spec);
  Result<> remove(DeviceId id, std::string reason);
  Result<> command(DeviceId id, SupervisorEvent event);
  void stop_all(std::string reason, const Ranks& ranks, StopDone done);

  void go_ahead(DeviceId id);

  // For news about a device; those of an unknown one are dropped.
  void post(DeviceId id, SupervisorEvent event);

  std::optional<DeviceSnapshot> snapshot(DeviceId id) const;
  std::vector<DeviceSnapshot> snapshots() const;
  std::optional<DeviceId> find(std::string_view name) const;
  const Deaths& deaths() const { return deaths_; }

 private:
  struct CleanupRun {
    ProcessId pid = 0;
    std::unique_ptr<StderrReader> log;
    std::unique_ptr<Timer> limit;
    bool overran = false;
  };

  struct Device {
    DeviceSpec spec;
    Supervisor supervisor;
    Program started{};  // what the present incarnation was made of
    std::unique_ptr<StderrReader> log{};
    std::uint64_t log_delays_before = 0;  // of earlier incarnations
    std::int64_t since_wall_ns = 0;
    TimePoint spawned{};  // the present or last process
    DeathCounts deaths{};
    bool removing = false;
    std::optional<std::uint32_t> held_start{};  // the incarnation that awaits go_ahead()
    CleanupRun cleanup{};
    bool cleanup_told = false;  // that it is run again
  };

  Device* device(DeviceId id);
  Result<Device*> known(DeviceId id);
  DeviceSnapshot snapshot_of(const Device& device) const;

  // The queue of events, and what follows when it is empty.
  void work();
  void handle(DeviceId id, const SupervisorEvent& event);
  void forget_removed();
  void advance_stop();
  void finish_stop(TimePoint now);

  // What supervisors ask for (device_actions.cpp).
  void perform(Device& device, const action::Spawn&);
  void spawn(Device& device, std::uint32_t incarnation);
  void drop_held_start(Device& device);
  void perform(Device& device, const action::SendPing&);
  void perform(Device& device, const action::SendStop&);
  void perform(Device& device, const action::Signal&);
  void perform(Device& device, const action::RunCleanup&);
  void perform(Device& device, const action::CleanupGivenUp&);
  void perform(Device& device, const action::Disconnect&);
  void perform(Device& device, const action::Gap&);
  void perform(Device& device, const action::Died&);
  void perform(Device& device, const StateChange&);
  void on_exited(DeviceId id, ExitStatus status);
  void on_cleanup_exited(DeviceId id, ExitStatus status);
  std::unique_ptr<StderrReader> read_log(const Device& device, UniqueFd fd);

  // Deadlines, judged behind the poll pass.
  void after_poll();
  void arm(TimePoint when);

  Loop& loop_;
  DeviceHost& host_;
  Spawner& spawner_;
  Reaper& reaper_;
  Random random_;
  std::vector<std::uint8_t>& heard_;

  std::map<DeviceId, std::unique_ptr<Device>> devices_;
  Deaths deaths_;
  std::size_t removing_ = 0;  // how many devices are to go
  std::deque<std::pair<DeviceId, SupervisorEvent>> events_;
  SupervisorActions actions_;
  bool working_ = false;

  std::optional<StopPlan> stop_;
  StopDone stop_done_;
  bool last_kill_done_ = false;

  SuspendWatch suspend_;
  TimePoint armed_ = kNever;
  Timer timer_;
  AfterPoll after_poll_;
};

}  // namespace dkvm
