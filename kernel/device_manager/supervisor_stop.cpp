#include <dkvm/limits.hpp>

#include <algorithm>

#include "kernel/device_manager/supervisor.hpp"
#include "kernel/device_manager/supervisor_step.hpp"

// How a device is ended: asked, signalled, or killed.
namespace dkvm {
namespace {

// "3 s", "600 ms".
std::string in_words(Duration duration) {
  using std::chrono::milliseconds;
  constexpr auto kMsPerSecond = 1000;
  const auto ms = std::chrono::duration_cast<milliseconds>(duration).count();
  return ms % kMsPerSecond == 0 ? std::to_string(ms / kMsPerSecond) + " s"
                                : std::to_string(ms) + " ms";
}

}  // namespace

// --- asked to

void Supervisor::on(const event::Stop& event, Step& step) {
  if (state_ == RunState::stopped) return;
  if (!has_process()) {
    start_waits_ = false;
    start_due_ = kNever;
    return change(RunState::stopped, event.reason, step);
  }
  ask_to_stop(Request::stop, event.reason, event.requested, step);
  if (event.announce && !announced_) announce_stop(step);
}

void Supervisor::on(const event::StopTurn&, Step& step) {
  if (request_ == Request::stop && !announced_) announce_stop(step);
}

void Supervisor::on(const event::Restart& event, Step& step) {
  if (start_waits_) return;
  if (!has_process()) return begin_anew(step);
  ask_to_stop(Request::restart, event.reason, step.now, step);
  if (!announced_) announce_stop(step);
}

// A later request changes what follows the end, and may only bring it forward.
void Supervisor::ask_to_stop(Request request, std::string reason, TimePoint requested, Step& step) {
  request_ = request;
  hello_due_ = streamless_due_ = kNever;
  if (!killed_) {
    term_due_ = std::min(term_due_, requested + kStopTermAfter);
    kill_due_ = std::min(kill_due_, requested + kStopKillAfter);
  }
  change(RunState::stopping, std::move(reason), step);
}

// By the stop frame; before hello nobody would read it.
void Supervisor::announce_stop(Step& step) {
  announced_ = true;
  if (process_ != ProcessState::alive || killed_ || goodbye_) return;
  if (hello_) {
    const Duration left = std::max(term_due_ - step.now, Duration(0));
    step.out.push_back(action::SendStop{reason_, left});
  } else {
    told_early_ = true;
    step.out.push_back(action::Signal{KillSignal::terminate});
  }
}

// --- by its own doing

void Supervisor::on(const event::HelloRefused& event, Step& step) {
  if (!has_process() || hello_) return;
  parks_ = parks_ || event.permanent;
  kill_because(DeathKind::refused, event.reason, step);
}

void Supervisor::on(const event::Violation& event, Step& step) {
  if (has_process()) kill_because(DeathKind::violation, event.reason, step);
}

void Supervisor::on(const event::StreamClosed& event, Step& step) {
  if (process_ != ProcessState::alive) return;
  torn_ = event.torn;
  if (state_ != RunState::stopping)
    streamless_due_ = std::min(streamless_due_, step.now + kStreamlessTimeMax);
}

void Supervisor::on(const event::StoppedFrame&, Step& step) {
  if (process_ != ProcessState::alive || !hello_ || goodbye_) return;
  goodbye_ = true;
  health_.end();
  if (state_ == RunState::stopping) return;
  ask_to_stop(Request::none, "it has said goodbye", step.now, step);
}

void Supervisor::kill_because(DeathKind kind, std::string reason, Step& step) {
  if (killed_) return;
  if (cause_.empty()) {
    cause_ = std::move(reason);
    cause_kind_ = kind;
  }
  kill(step);
  if (request_ == Request::none) change(RunState::stopping, cause_, step);
}

// Nothing but the exit is awaited any more.
void Supervisor::kill(Step& step) {
  killed_ = true;
  health_.end();
  hello_due_ = streamless_due_ = term_due_ = kill_due_ = kNever;
  if (process_ == ProcessState::alive) step.out.push_back(action::Signal{KillSignal::kill});
}

// --- by the clock

void Supervisor::on(const event::Tick&, Step& step) {
  if (step.now >= start_due_) begin(reason_, step);
  if (process_ != ProcessState::alive) return;
  tick_stop(step);
  if (step.now >= hello_due_)
    kill_because(DeathKind::not_started, "no hello in " + in_words(kHelloTimeMax), step);
  if (step.now >= streamless_due_)
    kill_because(DeathKind::violation,
                 torn_ ? "it closed its stream in the middle of a frame"
                       : "it closed its stream but lived on",
                 step);
  tick_health(step);
}

void Supervisor::tick_stop(Step& step) {
  if (step.now >= term_due_) {
    if (request_ != Request::none && !announced_) announce_stop(step);
    term_due_ = kNever;
    step.out.push_back(action::Signal{KillSignal::terminate});
  }
  if (step.now >= kill_due_) {
    if (request_ == Request::none && cause_.empty()) {
      cause_ = "it said goodbye but did not exit";
      cause_kind_ = DeathKind::hung;
    }
    kill(step);
  }
}

void Supervisor::tick_health(Step& step) {
  switch (health_.judge(step.now)) {
    case HealthVerdict::nothing: return;
    case HealthVerdict::ping: step.out.push_back(action::SendPing{}); return judge_work(step);
    case HealthVerdict::missed: step.out.push_back(action::SendPing{}); return judge_work(step);
    case HealthVerdict::hung: return end_hung(step);
    case HealthVerdict::stopped_holding:
      return kill_because(DeathKind::hung,
                          "its process was stopped by a signal while it held input", step);
  }
}

void Supervisor::end_hung(Step& step) {
  const PingRate& rate = health_.rate();
  std::string reason = "no sign of life in " + in_words(rate.interval * rate.misses_max);
  if (health_.process_is_stopped()) reason += ": its process is stopped by a signal";
  if (spec_.health.input_path) return kill_because(DeathKind::hung, std::move(reason), step);
  cause_ = std::move(reason);
  cause_kind_ = DeathKind::hung;
  health_.end();
  streamless_due_ = kNever;
  kill_due_ = std::min(kill_due_, step.now + spec_.health.abort_to_kill);
  step.out.push_back(action::Signal{KillSignal::abort});
  if (request_ == Request::none) change(RunState::stopping, cause_, step);
}

}  // namespace dkvm
