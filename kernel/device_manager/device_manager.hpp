#pragma once

#include <dkvm/result.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/device_manager/deaths.hpp"
#include "kernel/device_manager/device_host.hpp"
#include "kernel/device_manager/device_spec.hpp"
#include "kernel/device_manager/reaper.hpp"
#include "kernel/device_manager/spawner.hpp"
#include "kernel/loop/loop.hpp"

namespace dkvm {

// A device at this moment, for status.
struct DeviceSnapshot {
  DeviceId id = 0;
  std::string name;
  RunState state = RunState::stopped;
  std::string reason;
  ProcessId pid = 0;  // 0: no process
  std::uint32_t incarnation = 0;
  std::uint32_t restarts = 0;      // starts after the first, since it was added
  std::int64_t since_wall_ns = 0;  // of the present state
  Duration next_start_in{0};       // in backoff
  Duration uptime{0};              // of its process; 0: none
  DeathCounts deaths{};            // since it was added
  std::uint64_t log_delays = 0;    // waits because stderr was over its rate
  bool cleaning_up = false;
  bool wanted = false;  // started, and not told to stop since, even where it has ended
};

// Desired and actual state of all devices: does what each one's Supervisor says.
// Environment of a cleanup run (`<program> <args> --cleanup`): what the device
// gets, and DKVM_CLEANUP_CODES="29,42", the evdev codes to release.
// Life: loop thread only. Destroying it kills what still runs, without goodbye.
class DeviceManager {
 public:
  using Random = std::function<double()>;  // in [0, 1)
  using Ranks = std::vector<std::vector<DeviceId>>;
  // Names of devices whose processes outlived even SIGKILL (in the kernel's grip).
  using StopDone = std::function<void(const std::vector<std::string>& survivors)>;

  // `host`, `spawner` and `reaper` must outlive it.
  DeviceManager(Loop& loop, DeviceHost& host, Spawner& spawner, Reaper& reaper, Random random);
  ~DeviceManager();
  DeviceManager(const DeviceManager&) = delete;
  DeviceManager& operator=(const DeviceManager&) = delete;

  // Adds a device, stopped; one that is being removed stays, with this spec.
  // Errors: invalid when its id or name is taken.
  Result<> add(DeviceSpec spec);
  // Supervision holds from now on, the program from the next start. Starts
  // nothing. Errors: not_found.
  Result<> update(DeviceSpec spec);
  // Stops it and forgets it once it is down: DeviceHost::removed. Errors: not_found.
  Result<> remove(DeviceId id, std::string reason);

  // Errors: not_found.
  Result<> start(DeviceId id);
  Result<> stop(DeviceId id, std::string reason);
  Result<> restart(DeviceId id, std::string reason);

  // Stops every device within kStopTimeMax, nothing is started any more. Ranks
  // get their stop frames one after the other, upstream first, the next when
  // the last has said goodbye; devices in no rank come first. `done` is called
  // once, when nothing runs, cleanups included; it must not destroy the manager.
  void stop_all(std::string reason, const Ranks& ranks, StopDone done);

  // Starts what DeviceHost::may_start held back; nothing where it is no longer
  // wanted.
  void go_ahead(DeviceId id);

  // What the rest of the kernel learns about a device; unknown ids and news of
  // an incarnation that is over are ignored.
  // cleanup: it says that it knows --cleanup.
  void hello_received(DeviceId id, bool cleanup);
  void hello_accepted(DeviceId id);
  void started(DeviceId id);
  // `permanent`: parked as failed (configuration or version), else tried again.
  void hello_refused(DeviceId id, const Error& error, bool permanent);
  // It broke the protocol: killed at once, with this reason.
  void violation(DeviceId id, const Error& error);
  void stream_closed(DeviceId id, bool torn = false);  // torn: in the middle of a frame
  void stopped_frame(DeviceId id);
  // It has keys or buttons down, or holds a grab; each incarnation starts with none.
  void input_held(DeviceId id, bool held);
  // What it says is wrong with it while it works; empty: nothing any more.
  void troubled(DeviceId id, std::string reason);
  // A frame came from it. The hot path: one store; `id` must be known.
  void alive(DeviceId id) { heard_[id] = 1; }

  std::optional<DeviceSnapshot> snapshot(DeviceId id) const;
  std::vector<DeviceSnapshot> snapshots() const;  // by id
  std::optional<DeviceId> find(std::string_view name) const;
  // Oldest first; of all devices when `device` is empty.
  std::vector<Death> deaths(std::string_view device = {}) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
  std::vector<std::uint8_t> heard_;  // by id: a frame came since the last tick
};

}  // namespace dkvm
