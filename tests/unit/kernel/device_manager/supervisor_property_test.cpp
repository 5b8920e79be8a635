#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <random>

#include "kernel/device_manager/supervisor.hpp"
#include "tests/support/seed.hpp"

// A supervisor among random events, beside a model of what really runs. Each
// run prints its seed when it fails; DKVM_TEST_SEED=N runs that one again.
using namespace dkvm;
using namespace std::chrono_literals;

namespace {

constexpr int kRuns = 1500;
constexpr int kStepsPerRun = 2000;

class World {
 public:
  explicit World(std::uint64_t seed)
      : engine_(seed),
        spec_(random_spec()),
        supervisor_(
            spec_, [this] { return unit(); }, now_) {}

  void step() {
    if (chance(0.7)) pass_time();
    handle(random_event());
  }

  // Asked to stop, a device is down in time, whatever state it was in.
  void stop_for_good() {
    const TimePoint requested = now_;
    handle(event::Stop{"the end", requested, chance(0.5)});
    wanted_ = false;
    while (!down()) {
      REQUIRE(now_ <= requested + kStopTimeMax);
      advance_quietly();
    }
    CHECK(supervisor_.at_rest());
    CHECK(supervisor_.deadline() == kNever);
    CHECK((supervisor_.state() == RunState::stopped));
  }

  // Started, and with a device that behaves, it runs before long.
  void recover() {
    handle(event::Start{});
    const TimePoint from = now_;
    while (supervisor_.state() != RunState::running) {
      REQUIRE(now_ <= from + 60s);
      if (spawning_)
        handle(event::Spawned{++pid_});
      else if (alive_)
        handle(hello_ ? SupervisorEvent(event::Started{})
                      : SupervisorEvent(event::HelloAccepted{}));
      else if (cleaning_)
        handle(event::CleanupFinished{});
      else
        handle_at(supervisor_.deadline(), event::Tick{});
    }
  }

 private:
  double unit() { return std::uniform_real_distribution<double>(0.0, 1.0)(engine_); }
  bool chance(double probability) { return unit() < probability; }
  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(engine_); }

  SupervisorSpec random_spec() {
    SupervisorSpec spec;
    spec.restart = static_cast<RestartPolicy>(below(3));
    spec.cleanup = chance(0.5);
    spec.health.enabled = chance(0.8);
    spec.health.input_path = chance(0.5);
    return spec;
  }

  void pass_time() {
    switch (below(4)) {
      case 0: now_ += std::chrono::microseconds(below(1000)); return;
      case 1: now_ += std::chrono::milliseconds(below(300)); return;
      case 2: now_ += std::chrono::milliseconds(below(12'000)); return;
      default:
        if (supervisor_.deadline() != kNever) now_ = std::max(now_, supervisor_.deadline());
        return;
    }
  }

  SupervisorEvent random_event() {
    // What was started must be answered sometime.
    if (spawning_ && chance(0.7)) {
      if (chance(0.1)) return event::SpawnFailed{"no"};
      return event::Spawned{++pid_};
    }
    if (cleaning_ && chance(0.3)) return event::CleanupFinished{chance(0.5)};
    if (alive_ && chance(killed_ ? 0.6 : 0.06)) return random_exit();
    switch (below(17)) {
      case 0: return event::Start{};
      case 1: return event::Stop{"stop", now_, chance(0.5)};
      case 2: return event::StopTurn{};
      case 3: return event::Restart{"restart"};
      case 4:
        return chance(0.2) ? SupervisorEvent(event::Reload{spec_ = random_spec()})
                           : SupervisorEvent(event::Tick{});
      case 5:
      case 6: return chance(0.5) ? SupervisorEvent(event::Started{}) : event::HelloAccepted{};
      case 7:
        return chance(0.2) ? SupervisorEvent(event::HelloRefused{"no", chance(0.5)})
                           : SupervisorEvent(event::HelloAccepted{});
      case 8:
        return chance(0.2) ? SupervisorEvent(event::Violation{"bad"})
                           : SupervisorEvent(event::Tick{});
      case 9:
        return chance(0.2) ? SupervisorEvent(event::StreamClosed{})
                           : SupervisorEvent(event::Tick{});
      case 10:
        return chance(0.2) ? SupervisorEvent(event::StoppedFrame{})
                           : SupervisorEvent(event::Tick{});
      case 11: return event::ProcessStopped{};
      case 12: return event::ProcessContinued{};
      case 13: return event::InputHeld{chance(0.5)};
      case 14: return event::HelloReceived{chance(0.5)};
      default:
        if (chance(0.7)) supervisor_.heard();
        return event::Tick{};
    }
  }

  event::Exited random_exit() {
    event::Exited exit;
    if (killed_)
      exit.status.signal = SIGKILL;
    else if (chance(0.3))
      exit.status.signal = SIGSEGV;
    else
      exit.status.code = chance(0.5) ? 0 : chance(0.2) ? 125 : 1;
    if (chance(0.5)) exit.codes = {29, 42};
    return exit;
  }

  void advance_quietly() {
    if (spawning_) return handle(event::Spawned{++pid_});
    if (alive_ && killed_) return handle(random_exit());
    if (cleaning_) return handle_at(now_ + 1ms, event::CleanupFinished{});
    REQUIRE(supervisor_.deadline() != kNever);
    handle_at(std::max(now_, supervisor_.deadline()), event::Tick{});
  }

  bool down() const { return !spawning_ && !alive_ && !cleaning_; }

  void handle_at(TimePoint when, const SupervisorEvent& event) {
    now_ = when;
    handle(event);
  }

  void handle(const SupervisorEvent& event) {
    before(event);
    actions_.clear();
    supervisor_.handle(event, now_, actions_);
    for (const SupervisorAction& action : actions_)
      std::visit([this](const auto& one) { check(one); }, action);
    after(event);
  }

  // The model moves by what really happens.
  void before(const SupervisorEvent& event) {
    disconnects_ = 0;
    exiting_ = std::holds_alternative<event::Exited>(event);
    if (std::holds_alternative<event::Spawned>(event))
      spawning_ = said_cleanup_ = false, alive_ = true;
    if (const auto* hello = std::get_if<event::HelloReceived>(&event); hello != nullptr && alive_)
      said_cleanup_ = hello->cleanup;
    if (std::holds_alternative<event::SpawnFailed>(event)) spawning_ = false;
    if (std::holds_alternative<event::CleanupFinished>(event)) cleaning_ = false;
    if (exiting_) {
      alive_ = killed_ = hello_ = held_ = false;
      codes_ = !std::get<event::Exited>(event).codes.empty();
    }
    if (std::holds_alternative<event::HelloAccepted>(event) && alive_ &&
        supervisor_.state() == RunState::starting)
      hello_ = true;
    if (const auto* input = std::get_if<event::InputHeld>(&event); input != nullptr && alive_)
      held_ = input->held;
    const bool asks_to_run = std::holds_alternative<event::Start>(event) ||
                             std::holds_alternative<event::Restart>(event);
    if (asks_to_run) wanted_ = true;
    if (std::holds_alternative<event::Stop>(event)) wanted_ = false;
  }

  void after(const SupervisorEvent& event) {
    REQUIRE(disconnects_ == (exiting_ ? 1 : 0));
    REQUIRE(supervisor_.has_process() == (spawning_ || alive_));
    REQUIRE(supervisor_.cleaning_up() == cleaning_);
    REQUIRE(supervisor_.pid() == (alive_ ? pid_ : 0));
    switch (supervisor_.state()) {
      case RunState::running:
      case RunState::degraded: REQUIRE(alive_); break;
      case RunState::stopping: REQUIRE((alive_ || spawning_)); break;
      case RunState::starting: REQUIRE((alive_ || spawning_ || cleaning_)); break;
      default: REQUIRE_FALSE((alive_ || spawning_));
    }
    if (supervisor_.state() == RunState::backoff) check_backoff();
    // A tick settles everything that was due: the loop cannot spin.
    if (std::holds_alternative<event::Tick>(event)) REQUIRE(supervisor_.deadline() > now_);
  }

  void check_backoff() {
    const Duration delay = supervisor_.next_start() - supervisor_.since();
    REQUIRE(delay >= 200ms);
    REQUIRE(delay <= 30s);
  }

  void check(const action::Spawn& spawn) {
    REQUIRE_FALSE((spawning_ || alive_ || cleaning_));
    REQUIRE(wanted_);
    REQUIRE(spawn.incarnation == ++incarnation_);
    spawning_ = true;
  }
  void check(const action::SendPing&) {
    REQUIRE(hello_);
    REQUIRE_FALSE(killed_);
    const HealthSpec& health = supervisor_.spec().health;
    REQUIRE((health.enabled || (health.input_path && held_)));
  }
  void check(const action::SendStop& stop) {
    REQUIRE(hello_);
    REQUIRE(stop.deadline >= 0s);
    REQUIRE(stop.deadline <= kStopTermAfter);
  }
  void check(const action::Signal& signal) {
    REQUIRE(alive_);
    REQUIRE_FALSE(killed_);
    killed_ = signal.signal == KillSignal::kill;
  }
  void check(const action::RunCleanup& cleanup) {
    REQUIRE_FALSE(cleaning_);
    REQUIRE_FALSE(cleanup.codes.empty());
    if (!owes_) REQUIRE((exiting_ && codes_ && (supervisor_.spec().cleanup || said_cleanup_)));
    cleaning_ = owes_ = true;
  }
  void check(const action::CleanupGivenUp&) { REQUIRE(owes_); }
  void check(const action::Disconnect&) {
    REQUIRE(exiting_);
    ++disconnects_;
  }
  void check(const action::Gap& gap) {
    REQUIRE(exiting_);
    REQUIRE(gap.incarnation == incarnation_);
  }
  void check(const action::Died& died) {
    REQUIRE(died.incarnation == incarnation_);
    REQUIRE_FALSE(died.reason.empty());
  }
  void check(const StateChange& change) {
    REQUIRE(change.from == told_);
    told_ = change.to;
    if (change.to == RunState::running) {
      REQUIRE(alive_);
      REQUIRE(hello_);
    }
    if (change.to == RunState::failed) REQUIRE_FALSE(change.reason.empty());
  }

  std::mt19937_64 engine_;
  TimePoint now_{1h};
  SupervisorSpec spec_;
  Supervisor supervisor_;
  SupervisorActions actions_;

  bool spawning_ = false;
  bool alive_ = false;
  bool killed_ = false;
  bool hello_ = false;
  bool held_ = false, said_cleanup_ = false;
  bool cleaning_ = false;
  bool owes_ = false;  // a cleanup was run, and may be again
  bool exiting_ = false;
  bool codes_ = false;
  bool wanted_ = false;
  int disconnects_ = 0;
  ProcessId pid_ = 0;
  std::uint32_t incarnation_ = 0;
  RunState told_ = RunState::stopped;
};

}  // namespace

TEST_CASE("whatever happens, a device has one process at most, and none after a stop") {
  const std::uint32_t first = test::seed_of_the_run();
  for (std::uint32_t run = 0; run < (test::seed_is_given() ? 1 : kRuns); ++run) {
    const std::uint32_t seed = first + run;
    INFO(test::again_with(seed));
    World world(seed);
    for (int step = 0; step < kStepsPerRun; ++step) world.step();
    world.stop_for_good();
    world.recover();
  }
}
