#include "kernel/device_manager/death_kind.hpp"

#include <catch2/catch.hpp>

#include <csignal>

#include "tests/unit/kernel/device_manager/supervised.hpp"

using namespace dkvm;
using namespace dkvm::test;
using namespace std::chrono_literals;

namespace {

constexpr int kRefuses = 125;

// A device that runs, and what has become of it after these events.
template <class... Events>
std::optional<DeathKind> end_of_running(const Events&... events) {
  Supervised device;
  device.run();
  (device.on(events), ...);
  return device.died;
}

}  // namespace

TEST_CASE("a death is counted as what it was") {
  CHECK(end_of_running(Supervised::exited(3)) == DeathKind::exit);
  CHECK(end_of_running(Supervised::killed(SIGSEGV)) == DeathKind::signal);
  CHECK(end_of_running(event::Violation{"a port that it has not"}, Supervised::killed(SIGKILL)) ==
        DeathKind::violation);
  CHECK(end_of_running(event::StreamClosed{true}, Supervised::exited(0)) == DeathKind::exit);
  CHECK(end_of_running(Supervised::exited(kRefuses)) == DeathKind::refused);
}

TEST_CASE("a clean end is no death") {
  CHECK(end_of_running(event::StoppedFrame{}, Supervised::exited(0)) == std::nullopt);
}

TEST_CASE("a device that gives no sign of life dies as one that hung") {
  Supervised device;
  device.run();
  while (device.supervisor.state() != RunState::stopping) {
    device.now = device.supervisor.deadline();
    device.on(event::Tick{});
  }
  device.on(Supervised::killed(SIGABRT));
  CHECK(device.died == DeathKind::hung);
}

TEST_CASE("a device that does not end when it is told to is counted as that") {
  Supervised device;
  device.run();
  device.on(event::Stop{"not wanted", device.now});
  device.after(kStopKillAfter);
  device.on(Supervised::killed(SIGKILL));
  CHECK(device.died == DeathKind::stop);
}

TEST_CASE("before its hello a device has not started, or is refused") {
  Supervised silent;
  silent.on(event::Start{});
  silent.on(event::Spawned{Supervised::kPid});
  silent.after(10s);
  silent.on(Supervised::killed(SIGKILL));
  CHECK(silent.died == DeathKind::not_started);

  Supervised unmade;
  unmade.on(event::Start{});
  unmade.on(event::SpawnFailed{"no memory"});
  CHECK(unmade.died == DeathKind::not_started);

  Supervised other;
  other.on(event::Start{});
  other.on(event::Spawned{Supervised::kPid});
  other.on(event::HelloRefused{"it speaks protocol 9", true});
  other.on(Supervised::killed(SIGKILL));
  CHECK(other.died == DeathKind::refused);
}
