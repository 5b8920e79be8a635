#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "kernel/device_manager/backoff.hpp"
#include "kernel/device_manager/health.hpp"
#include "kernel/device_manager/supervisor_types.hpp"

namespace dkvm {

// Desired and actual state of one device, pure: what happens to it, and when,
// goes in; what is to be done comes out. It never has two processes at once,
// and none while a cleanup runs.
//
//   stopped ──▶ starting ──▶ running ◀──▶ degraded
//      ▲         ▲   │          │             │      every end of a process goes
//      │         │   ▼          ▼             ▼      through `stopping` when it was
//      ├──────backoff ◀──── (its exit) ◀── stopping  asked for, then to backoff,
//      └────── finished, failed ◀──┘                 finished, failed or stopped
//
// News that come too late for the state (a hello after the kill) are ignored;
// answers that nobody asked for are a defect of the caller's and assert.
class Supervisor {
 public:
  // `random` gives numbers in [0, 1).
  Supervisor(SupervisorSpec spec, std::function<double()> random, TimePoint now);

  // Appends to `out` what is to be done, in order.
  void handle(const SupervisorEvent& event, TimePoint now, SupervisorActions& out);

  // A frame came from the device.
  void heard() { health_.heard(); }

  // When the next Tick is due. Ticks belong behind a poll pass.
  TimePoint deadline() const;

  RunState state() const { return state_; }
  const std::string& reason() const { return reason_; }
  TimePoint since() const { return since_; }
  std::uint32_t incarnation() const { return incarnation_; }
  ProcessId pid() const { return pid_; }
  bool has_process() const { return process_ != ProcessState::none; }
  bool cleaning_up() const { return cleaning_; }
  bool said_goodbye() const { return goodbye_; }
  // It was started, and nobody has told it to stop since: it may well have ended.
  bool wanted() const { return state_ != RunState::stopped && request_ != Request::stop; }
  // Nothing of it runs, and nothing will by itself.
  bool at_rest() const;
  // In backoff: when it starts again; else kNever.
  TimePoint next_start() const { return start_due_; }
  const SupervisorSpec& spec() const { return spec_; }
  bool knows_cleanup() const { return spec_.cleanup || said_cleanup_; }

 private:
  enum class ProcessState : std::uint8_t { none, spawning, alive };
  enum class Request : std::uint8_t { none, stop, restart };
  struct Step;  // one event being handled: now, and where actions go
  struct End {
    std::string reason;
    bool finished = false;  // by itself, having done what it had to do
    bool as_asked = false;  // it was told to, and ended well
    Duration healthy{0};
  };

  void on(const event::Start&, Step&);
  void on(const event::Stop&, Step&);
  void on(const event::StopTurn&, Step&);
  void on(const event::Restart&, Step&);
  void on(const event::Reload&, Step&);
  void on(const event::Spawned&, Step&);
  void on(const event::SpawnFailed&, Step&);
  void on(const event::HelloReceived&, Step&);
  void on(const event::HelloAccepted&, Step&);
  void on(const event::Started&, Step&);
  void on(const event::HelloRefused&, Step&);
  void on(const event::Violation&, Step&);
  void on(const event::StreamClosed&, Step&);
  void on(const event::StoppedFrame&, Step&);
  void on(const event::ProcessStopped&, Step&);
  void on(const event::ProcessContinued&, Step&);
  void on(const event::Exited&, Step&);
  void on(const event::CleanupFinished&, Step&);
  void on(const event::Troubled&, Step&);
  void on(const event::InputHeld&, Step&);
  void on(const event::Tick&, Step&);

  void change(RunState to, std::string reason, Step&, std::string bad_end = {});
  void begin_anew(Step&);
  void begin(std::string reason, Step&);
  void spawn(Step&);

  void ask_to_stop(Request request, std::string reason, TimePoint requested, Step&);
  void announce_stop(Step&);
  void kill_because(DeathKind kind, std::string reason, Step&);
  void kill(Step&);
  void tick_stop(Step&);
  void tick_health(Step&);
  void judge_work(Step&);
  void end_hung(Step&);

  void clean_up(const std::vector<std::uint16_t>& codes, Step&);
  void run_cleanup(Step&);
  std::string end_reason(ExitStatus status) const;
  DeathKind end_kind(ExitStatus status) const;
  std::string end_reason(const event::Exited& event) const;
  void after_end(End end, Step&);
  void retry(std::string reason, Duration healthy, Step&);
  void forget_incarnation();

  SupervisorSpec spec_;
  std::function<double()> random_;
  Backoff backoff_;
  Health health_;

  RunState state_ = RunState::stopped;
  std::string reason_;
  TimePoint since_;
  std::uint32_t incarnation_ = 0;
  bool cleaning_ = false;
  bool cleans_again_ = false;        // more was owed while it ran
  int cleanups_overrun_ = 0;         // in a row
  std::vector<std::uint16_t> owed_;  // what no cleanup has done yet, each code once
  bool start_waits_ = false;         // for the cleanup
  TimePoint start_due_ = kNever;

  // Of the present incarnation.
  ProcessState process_ = ProcessState::none;
  ProcessId pid_ = 0;
  bool said_cleanup_ = false;  // in its hello
  bool hello_ = false;         // accepted
  bool goodbye_ = false;
  bool killed_ = false;
  bool torn_ = false;        // its stream ended in the middle of a frame
  bool parks_ = false;       // it refused, or was refused, for good
  bool announced_ = false;   // it was told to stop
  bool told_early_ = false;  // by SIGTERM, as it had not said hello
  Request request_ = Request::none;
  std::string cause_;  // why we end it
  DeathKind cause_kind_ = DeathKind::exit;
  std::string trouble_;               // as it says itself
  TimePoint healthy_since_ = kNever;  // it is at work
  TimePoint hello_due_ = kNever;
  TimePoint streamless_due_ = kNever;
  TimePoint term_due_ = kNever;
  TimePoint kill_due_ = kNever;
};

}  // namespace dkvm
