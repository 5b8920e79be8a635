#include "kernel/absences.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;

namespace {

constexpr DeviceId kSink = 7;
constexpr std::uint64_t kMs = 1'000'000;

// A sink that runs.
struct Rig {
  Absences absences;
  std::uint64_t now = 1'000 * kMs;

  Rig() {
    become(RunState::starting);
    become(RunState::running);
  }
  bool become(RunState state, std::uint64_t wait_ms = 0) {
    return absences.note(kSink, state, state == RunState::running, wait_ms * kMs, now);
  }
  bool pass(std::uint64_t ms) { return absences.tick(now += ms * kMs); }
  bool away() const { return absences.away(kSink); }
};

}  // namespace

TEST_CASE("a device that runs is there, one that has ended or was never started is away") {
  Rig rig;
  CHECK_FALSE(rig.away());
  CHECK(rig.absences.due_ns() == Absences::kNever);
  CHECK(rig.absences.away(kSink + 1));
  CHECK(rig.become(RunState::finished));
  CHECK(rig.away());
}

TEST_CASE("a device that starts for 300 ms is away until it runs") {
  Rig rig;
  rig.become(RunState::stopped);
  CHECK(rig.become(RunState::starting));
  CHECK_FALSE(rig.pass(299));
  CHECK_FALSE(rig.away());
  CHECK(rig.absences.due_ns() == rig.now + kMs);
  CHECK(rig.pass(1));
  CHECK(rig.away());
  CHECK(rig.absences.due_ns() == Absences::kNever);
  CHECK_FALSE(rig.become(RunState::backoff, 250));
  CHECK_FALSE(rig.become(RunState::starting));
  CHECK_FALSE(rig.pass(1000));
  CHECK(rig.away());
  CHECK(rig.become(RunState::running));
}

TEST_CASE("a device that stands still for 300 ms is away, and there again when it goes on") {
  Rig rig;
  rig.become(RunState::degraded);
  CHECK(rig.pass(300));
  CHECK(rig.away());
  rig.become(RunState::running);
  rig.become(RunState::degraded);
  rig.pass(200);
  rig.become(RunState::running);
  CHECK_FALSE(rig.pass(1000));
  CHECK_FALSE(rig.away());
}

TEST_CASE("a device that runs again 450 ms after its death was never away") {
  Rig rig;
  CHECK_FALSE(rig.become(RunState::backoff, 350));
  CHECK_FALSE(rig.pass(350));
  CHECK_FALSE(rig.become(RunState::starting));
  SECTION("in time") {
    CHECK_FALSE(rig.pass(99));
    CHECK_FALSE(rig.become(RunState::running));
  }
  SECTION("or not") {
    CHECK(rig.pass(100));
    CHECK(rig.away());
  }
}

TEST_CASE("a device whose next start is far off is away at once, until it runs") {
  Rig rig;
  CHECK(rig.become(RunState::backoff, 351));
  CHECK(rig.away());
  CHECK_FALSE(rig.become(RunState::starting));
  CHECK(rig.away());
  CHECK(rig.become(RunState::running));
}

TEST_CASE("a device that works on and says that something is wrong is there") {
  Rig rig;
  CHECK_FALSE(rig.absences.note(kSink, RunState::degraded, true, 0, rig.now));
  CHECK_FALSE(rig.pass(1'000));
  CHECK_FALSE(rig.away());
  // Now it stands still, too.
  rig.become(RunState::degraded);
  CHECK(rig.pass(1'000));
  CHECK(rig.away());
}
