#include "kernel/device_manager/supervisor.hpp"

#include <dkvm/limits.hpp>

#include <algorithm>
#include <utility>

#include "kernel/device_manager/supervisor_step.hpp"
#include "kernel/loop/assert.hpp"

// How a device starts and runs, and what follows its end. How it is ended is in
// supervisor_stop.cpp.
namespace dkvm {
namespace {

// Before hello it is mostly the launcher that speaks through the status.
std::string_view meaning_before_hello(ExitStatus status) {
  if (status.signal != 0) return " before hello";
  switch (status.code) {
    case kExitLimitsRefused: return ": the system refused its limits";
    case kExitNotExecutable: return ": the program cannot be executed";
    case kExitNotFound: return ": the program was not found";
    default: return " before hello";
  }
}

// The beginning of a text that is valid UTF-8, so that it stays valid.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0) == 0x80) --bytes_max;
  return text.substr(0, bytes_max);
}

}  // namespace

std::string_view name(RunState state) {
  switch (state) {
    case RunState::stopped: return "stopped";
    case RunState::starting: return "starting";
    case RunState::running: return "running";
    case RunState::degraded: return "degraded";
    case RunState::stopping: return "stopping";
    case RunState::finished: return "finished";
    case RunState::backoff: return "backoff";
    case RunState::failed: return "failed";
  }
  return "unknown";
}

Supervisor::Supervisor(SupervisorSpec spec, std::function<double()> random, TimePoint now)
    : spec_(spec),
      random_(std::move(random)),
      backoff_(spec.backoff),
      health_(spec.health),
      since_(now) {}

void Supervisor::handle(const SupervisorEvent& event, TimePoint now, SupervisorActions& out) {
  Step step{now, out};
  std::visit([&](const auto& one) { on(one, step); }, event);
}

TimePoint Supervisor::deadline() const {
  if (process_ == ProcessState::spawning) return kNever;  // its answer comes first
  return std::min({health_.due(), start_due_, hello_due_, streamless_due_, term_due_, kill_due_});
}

bool Supervisor::at_rest() const {
  return !has_process() && !cleaning_ && !start_waits_ && state_ != RunState::backoff;
}

void Supervisor::change(RunState to, std::string reason, Step& step, std::string bad_end) {
  step.out.push_back(
      StateChange{state_, to, reason, incarnation_, pid_, step.now, std::move(bad_end)});
  if (to != state_) since_ = step.now;
  state_ = to;
  reason_ = std::move(reason);
}

// --- starting

void Supervisor::on(const event::Start&, Step& step) {
  if (state_ == RunState::stopping)
    request_ = Request::restart;
  else if (!has_process() && !start_waits_)
    begin_anew(step);
}

// Whether it is started is for those to say who know what else has changed.
void Supervisor::on(const event::Reload& event, Step& step) {
  spec_ = event.spec;
  backoff_.set_spec(spec_.backoff);
  health_.set_spec(spec_.health, step.now);
  parks_ = false;
}

// Past failures do not count any more.
void Supervisor::begin_anew(Step& step) {
  backoff_.reset();
  begin({}, step);
}

void Supervisor::begin(std::string reason, Step& step) {
  start_due_ = kNever;
  if (!cleaning_) return spawn(step);
  start_waits_ = true;
  change(RunState::starting, reason.empty() ? "waits for the cleanup" : std::move(reason), step);
}

void Supervisor::spawn(Step& step) {
  DKVM_ASSERT(process_ == ProcessState::none && !cleaning_);
  start_waits_ = false;
  process_ = ProcessState::spawning;
  ++incarnation_;
  change(RunState::starting, {}, step);
  step.out.push_back(action::Spawn{incarnation_});
}

void Supervisor::on(const event::Spawned& event, Step& step) {
  DKVM_ASSERT(process_ == ProcessState::spawning);
  process_ = ProcessState::alive;
  pid_ = event.pid;
  change(state_, reason_, step);
  if (killed_) step.out.push_back(action::Signal{KillSignal::kill});
  if (announced_) announce_stop(step);
  if (state_ == RunState::starting) hello_due_ = step.now + kHelloTimeMax;
}

void Supervisor::on(const event::SpawnFailed& event, Step& step) {
  DKVM_ASSERT(process_ == ProcessState::spawning);
  const ExitStatus status{kExitNeverStarted, 0};
  if (request_ == Request::none)
    step.out.push_back(action::Died{incarnation_, event.reason, status, DeathKind::not_started});
  after_end({.reason = event.reason}, step);
}

// What it then waits for is not its doing.
void Supervisor::on(const event::HelloReceived& event, Step&) {
  if (process_ != ProcessState::alive) return;
  hello_due_ = kNever;
  said_cleanup_ = event.cleanup;
}

void Supervisor::on(const event::HelloAccepted&, Step& step) {
  if (state_ != RunState::starting || process_ != ProcessState::alive) return;
  hello_ = true;
  hello_due_ = kNever;
  health_.start(step.now);
}

// Devices answer pings when they have started: until then they may still find
// that they cannot.
void Supervisor::on(const event::Started&, Step& step) {
  if (state_ != RunState::starting || !hello_ || process_ != ProcessState::alive) return;
  healthy_since_ = step.now;
  change(RunState::running, {}, step);
  judge_work(step);  // it may have said something before
  if (!cleaning_) run_cleanup(step);  // what it stands for is there again
}

// --- running

void Supervisor::on(const event::InputHeld& event, Step& step) {
  if (process_ == ProcessState::alive) health_.hold(event.held, step.now);
}

void Supervisor::on(const event::ProcessStopped&, Step& step) {
  if (process_ != ProcessState::alive) return;
  health_.process_stopped(true, step.now);
  judge_work(step);
}

void Supervisor::on(const event::ProcessContinued&, Step& step) {
  if (process_ != ProcessState::alive) return;
  health_.process_stopped(false, step.now);
  judge_work(step);
}

void Supervisor::on(const event::Troubled& event, Step& step) {
  if (process_ != ProcessState::alive || !hello_) return;
  trouble_ = cut(event.reason, kTroubleBytesMax);
  std::ranges::replace_if(
      trouble_, [](unsigned char c) { return c < ' '; }, ' ');  // it stays one line
  judge_work(step);
}

// Of what is wrong with a device at work the worst is shown; nothing: it runs.
void Supervisor::judge_work(Step& step) {
  if (state_ != RunState::running && state_ != RunState::degraded) return;
  std::string wrong = health_.process_is_stopped() ? "its process is stopped by a signal"
                      : health_.misses() != 0      ? "it does not answer pings"
                                                   : trouble_;
  const RunState to = wrong.empty() ? RunState::running : RunState::degraded;
  if (to != state_ || wrong != reason_) change(to, std::move(wrong), step);
}

// --- its end

void Supervisor::on(const event::Exited& event, Step& step) {
  DKVM_ASSERT(process_ == ProcessState::alive);
  const ExitStatus status = event.status;
  if (status.signal == 0 && status.code == kExitRefused && cause_.empty()) parks_ = true;
  End end;
  end.finished = status.ok() && hello_ && cause_.empty() && !torn_;
  end.healthy = healthy_since_ != kNever ? step.now - healthy_since_ : Duration(0);
  end.reason = end_reason(event);
  end.as_asked = request_ != Request::none && cause_.empty() && (status.ok() || told_early_);

  step.out.push_back(action::Disconnect{});
  if (!goodbye_ || !end.finished) clean_up(event.codes, step);
  if (!end.finished && !end.as_asked)
    step.out.push_back(action::Died{incarnation_, end.reason, status, end_kind(status)});
  after_end(std::move(end), step);
}

// What must be done about an end without goodbye.
void Supervisor::clean_up(const std::vector<std::uint16_t>& codes, Step& step) {
  if (hello_) step.out.push_back(action::Gap{incarnation_});
  if (!knows_cleanup()) return;
  owed_.insert(owed_.end(), codes.begin(), codes.end());
  std::sort(owed_.begin(), owed_.end());
  owed_.erase(std::unique(owed_.begin(), owed_.end()), owed_.end());
  cleans_again_ = cleaning_ && !codes.empty();
  if (!cleaning_) run_cleanup(step);
}

void Supervisor::run_cleanup(Step& step) {
  cleanups_overrun_ = 0;
  if (owed_.empty()) return;
  cleaning_ = true;
  step.out.push_back(action::RunCleanup{owed_});
}

std::string Supervisor::end_reason(ExitStatus status) const {
  if (!cause_.empty()) return cause_;
  std::string reason = describe(status);
  if (parks_) return reason + ": it refuses to be started again";
  if (!hello_) return reason + std::string(meaning_before_hello(status));
  if (torn_ && status.ok()) return "it ended in the middle of a frame";
  const bool by_itself = goodbye_ && status.signal == 0;
  if (request_ != Request::none && !by_itself) return "did not stop by itself: " + reason;
  return goodbye_ && !status.ok() ? reason + " after its goodbye" : reason;
}

// The same as end_reason(), to be counted.
DeathKind Supervisor::end_kind(ExitStatus status) const {
  if (!cause_.empty()) return cause_kind_;
  if (parks_) return DeathKind::refused;
  if (!hello_) return DeathKind::not_started;
  const bool by_itself = goodbye_ && status.signal == 0;
  if (request_ != Request::none && !by_itself) return DeathKind::stop;
  return status.signal != 0 ? DeathKind::signal : DeathKind::exit;
}

// With its last words, where it ended by itself.
std::string Supervisor::end_reason(const event::Exited& event) const {
  std::string reason = end_reason(event.status);
  if (!cause_.empty() || event.status.code == 0 || event.last_words.empty()) return reason;
  return reason + ": " + std::string(cut(event.last_words, kLastWordsBytesMax));
}

void Supervisor::after_end(End end, Step& step) {
  const Request request = request_;
  const bool parks = parks_;
  std::string asked = std::move(reason_);
  forget_incarnation();
  const bool well = end.finished || end.as_asked;
  if (request == Request::stop)
    return change(RunState::stopped, std::move(asked), step,
                  well ? std::string() : std::move(end.reason));
  if (request == Request::restart) return begin_anew(step);
  if (parks) return change(RunState::failed, std::move(end.reason), step);
  if (end.finished && spec_.restart != RestartPolicy::always)
    return change(RunState::finished, {}, step);
  if (spec_.restart == RestartPolicy::never)
    return change(RunState::failed, std::move(end.reason), step);
  retry(std::move(end.reason), end.healthy, step);
}

void Supervisor::retry(std::string reason, Duration healthy, Step& step) {
  const Duration delay = backoff_.next(healthy, random_());
  start_due_ = step.now + delay;
  change(RunState::backoff, reason, step);
  if (delay == Duration(0)) begin(std::move(reason), step);
}

void Supervisor::forget_incarnation() {
  process_ = ProcessState::none;
  pid_ = 0;
  said_cleanup_ = hello_ = goodbye_ = killed_ = torn_ = parks_ = announced_ = told_early_ = false;
  request_ = Request::none;
  cause_.clear();
  trouble_.clear();
  healthy_since_ = hello_due_ = streamless_due_ = term_due_ = kill_due_ = kNever;
  health_.end();
}

// One that overran may have met something that stands still, and goes on later.
void Supervisor::on(const event::CleanupFinished& event, Step& step) {
  DKVM_ASSERT(cleaning_);
  const bool again = std::exchange(cleans_again_, false);
  if (event.overran && ++cleanups_overrun_ < kCleanupRunsMax)
    return step.out.push_back(action::RunCleanup{owed_});
  cleaning_ = false;
  if (event.overran) {
    step.out.push_back(action::CleanupGivenUp{owed_});
  } else if (again) {
    return run_cleanup(step);
  } else {
    owed_.clear();
  }
  if (start_waits_) spawn(step);
}

}  // namespace dkvm
