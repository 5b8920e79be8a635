#pragma once

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "kernel/device_manager/supervisor.hpp"

// A supervisor with a clock of its own; what it wants done is told in words.
namespace dkvm::test {

using Words = std::vector<std::string>;

inline std::string words(const action::Spawn& spawn) {
  return fmt::format("spawn {}", spawn.incarnation);
}
inline std::string words(const action::SendPing&) { return "ping"; }
inline std::string words(const action::SendStop& stop) {
  return fmt::format("stop frame, {} ms left", stop.deadline / std::chrono::milliseconds(1));
}
inline std::string words(const action::Signal& signal) {
  switch (signal.signal) {
    case KillSignal::abort: return "SIGABRT";
    case KillSignal::terminate: return "SIGTERM";
    case KillSignal::kill: return "SIGKILL";
  }
  return "?";
}
inline std::string words(const action::RunCleanup& cleanup) {
  return fmt::format("cleanup {}", fmt::join(cleanup.codes, ","));
}
inline std::string words(const action::CleanupGivenUp& given_up) {
  return fmt::format("given up {}", fmt::join(given_up.codes, ","));
}
inline std::string words(const action::Disconnect&) { return "disconnect"; }
inline std::string words(const action::Gap& gap) { return fmt::format("gap {}", gap.incarnation); }
inline std::string words(const action::Died& died) { return "died: " + died.reason; }
inline std::string words(const StateChange& change) {
  std::string text(name(change.to));
  if (!change.reason.empty()) text += ": " + change.reason;
  return change.bad_end.empty() ? text : text + ", badly: " + change.bad_end;
}

class Supervised {
 public:
  explicit Supervised(SupervisorSpec spec = {})
      : supervisor(
            spec, [this] { return random; }, now) {}

  // Handles one event and tells what is to be done.
  Words on(const SupervisorEvent& event) {
    SupervisorActions actions;
    supervisor.handle(event, now, actions);
    Words all;
    for (const SupervisorAction& action : actions) {
      if (const auto* dead = std::get_if<action::Died>(&action)) died = dead->kind;
      all.push_back(std::visit([](const auto& one) { return words(one); }, action));
    }
    return all;
  }

  Words after(Duration delay, const SupervisorEvent& event = event::Tick{}) {
    now += delay;
    return on(event);
  }

  // Started, with hello accepted and the first ping answered.
  void run() {
    on(event::Start{});
    on(event::Spawned{kPid});
    on(event::HelloAccepted{});
    on(event::Started{});
    on(event::Tick{});
    supervisor.heard();
  }

  // Lets it run, alive, for some time.
  void live(Duration duration) {
    for (const TimePoint until = now + duration; now < until;) {
      supervisor.heard();
      now = std::min(until, supervisor.deadline());
      on(event::Tick{});
    }
  }

  static event::Exited exited(int code, const std::string& last_words = "") {
    return {{code, 0}, {}, last_words};
  }
  static event::Exited killed(int signal, std::vector<std::uint16_t> codes = {}) {
    return {{0, signal}, std::move(codes), "no words of a reason"};
  }

  static constexpr ProcessId kPid = 77;

  double random = 0.5;
  TimePoint now{std::chrono::hours(1)};
  Supervisor supervisor;
  std::optional<DeathKind> died{};  // at last
};

}  // namespace dkvm::test
