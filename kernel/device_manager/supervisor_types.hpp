#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kernel/device_manager/backoff.hpp"
#include "kernel/device_manager/death_kind.hpp"
#include "kernel/device_manager/health.hpp"
#include "kernel/device_manager/process.hpp"
#include "kernel/loop/clock.hpp"

// The vocabulary of the supervisor: what happens to a device, and what is done
// about it.
namespace dkvm {

enum class RunState : std::uint8_t {
  stopped,   // not wanted
  starting,  // its process is being made, has not said hello or is not at work yet
  running,
  degraded,  // runs, but misses pings, is stopped by a signal, or says that it is in trouble
  stopping,  // its end was asked for, and is awaited
  finished,  // exited with 0
  backoff,   // waits for its next start
  failed,    // will not be started again by itself
};

std::string_view name(RunState state);

// Whether it does nothing, and will not by itself.
constexpr bool is_over(RunState state) {
  return state == RunState::stopped || state == RunState::finished || state == RunState::failed;
}

enum class RestartPolicy : std::uint8_t { on_failure, always, never };

struct SupervisorSpec {
  RestartPolicy restart = RestartPolicy::on_failure;
  BackoffSpec backoff;
  HealthSpec health;
  bool cleanup = false;  // its manifest says that it knows --cleanup; its hello may too

  bool operator==(const SupervisorSpec&) const = default;
};

// One timetable for every device that is told to stop, counted from the request.
inline constexpr Duration kStopTermAfter = std::chrono::milliseconds(1500);
inline constexpr Duration kStopKillAfter = std::chrono::milliseconds(2500);
inline constexpr Duration kStopTimeMax = std::chrono::milliseconds(3000);
inline constexpr Duration kCleanupTimeMax = std::chrono::milliseconds(500);
// A cleanup that takes longer is killed and run again, so many times in a row.
inline constexpr int kCleanupRunsMax = 6;
// Of a device's last line on stderr, as part of a reason.
inline constexpr std::size_t kLastWordsBytesMax = 200;
// Of what a device says of its trouble.
inline constexpr std::size_t kTroubleBytesMax = 200;
// A device that closed its stream may still live this long.
inline constexpr Duration kStreamlessTimeMax = std::chrono::milliseconds(200);

namespace event {
struct Start {};
struct Stop {
  std::string reason;
  TimePoint requested;   // the timetable counts from here
  bool announce = true;  // false: its turn for the stop frame comes with StopTurn
};
struct StopTurn {};
struct Restart {
  std::string reason;
};
// The configuration was loaded anew. Starts nothing: a parked device waits for
// Start or Restart.
struct Reload {
  SupervisorSpec spec;
};
struct Spawned {
  ProcessId pid;
};
struct SpawnFailed {
  std::string reason;
};
struct HelloReceived {
  bool cleanup;  // it knows --cleanup
};
struct HelloAccepted {};  // it is welcome, and pinged: perhaps later, when its sinks are there
struct Started {};        // it has answered that ping
struct HelloRefused {
  std::string reason;
  bool permanent;  // trying again as it stands changes nothing
};
struct Violation {
  std::string reason;
};
struct StreamClosed {
  bool torn = false;  // in the middle of a frame
};
struct StoppedFrame {};  // the device has said goodbye
struct ProcessStopped {};
struct ProcessContinued {};
struct Exited {
  ExitStatus status;
  std::vector<std::uint16_t> codes;  // down at the device, or their up not yet applied
  std::string last_words{};          // the last line of its stderr
};
struct CleanupFinished {
  bool overran = false;  // it was killed after kCleanupTimeMax
};
// It works, but not well, and says why; empty: it is well again.
struct Troubled {
  std::string reason;
};
struct InputHeld {
  bool held;
};
struct Tick {};
}  // namespace event

using SupervisorEvent =
    std::variant<event::Start, event::Stop, event::StopTurn, event::Restart, event::Reload,
                 event::Spawned, event::SpawnFailed, event::HelloReceived, event::HelloAccepted,
                 event::Started, event::HelloRefused, event::Violation, event::StreamClosed,
                 event::StoppedFrame, event::ProcessStopped, event::ProcessContinued, event::Exited,
                 event::CleanupFinished, event::Troubled, event::InputHeld, event::Tick>;

// Also told when only the reason or the process changed.
struct StateChange {
  RunState from = RunState::stopped;
  RunState to = RunState::stopped;
  std::string reason;  // for people; empty where the state says it all
  std::uint32_t incarnation = 0;
  ProcessId pid = 0;  // 0: no process
  TimePoint at{};
  std::string bad_end{};  // of one that was to stop, and did not end well: why
};

namespace action {
// Answered by exactly one SpawnFailed, or by Spawned and later Exited.
struct Spawn {
  std::uint32_t incarnation;
};
struct SendPing {};
struct SendStop {
  std::string reason;
  Duration deadline;  // left until SIGTERM
};
struct Signal {
  KillSignal signal;
};
// Answered by exactly one CleanupFinished.
struct RunCleanup {
  std::vector<std::uint16_t> codes;
};
// That was the last run: these may still be down, until the next cleanup.
struct CleanupGivenUp {
  std::vector<std::uint16_t> codes;
};
// The incarnation is over: its stream is done with.
struct Disconnect {};
// What this incarnation had not applied is lost.
struct Gap {
  std::uint32_t incarnation;
};
struct Died {
  std::uint32_t incarnation;
  std::string reason;
  ExitStatus status;
  DeathKind kind;
};
}  // namespace action

using SupervisorAction = std::variant<action::Spawn, action::SendPing, action::SendStop,
                                      action::Signal, action::RunCleanup, action::CleanupGivenUp,
                                      action::Disconnect, action::Gap, action::Died, StateChange>;
using SupervisorActions = std::vector<SupervisorAction>;

}  // namespace dkvm
