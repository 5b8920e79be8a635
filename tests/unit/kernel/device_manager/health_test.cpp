#include "kernel/device_manager/health.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace dkvm;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kStart{1h};

HealthSpec input_path() {
  HealthSpec spec;
  spec.input_path = true;
  return spec;
}

// Judges at every deadline until something other than a ping comes, or `until`.
struct Watched {
  Health health;
  TimePoint now = kStart;

  explicit Watched(HealthSpec spec = {}) : health(spec) { health.start(now); }

  HealthVerdict next() {
    REQUIRE(health.due() != kNever);
    now = std::max(now, health.due());
    return health.judge(now);
  }

  // How long it takes until a silent device is found out.
  Duration silence_until_hung() {
    const TimePoint from = now;
    for (HealthVerdict verdict = HealthVerdict::ping; verdict != HealthVerdict::hung;)
      verdict = next();
    return now - from;
  }
};

}  // namespace

TEST_CASE("a running device is pinged at once and then at its rate") {
  Watched device;
  CHECK(device.next() == HealthVerdict::ping);
  CHECK(device.now == kStart);
  device.health.heard();
  CHECK(device.next() == HealthVerdict::ping);
  CHECK(device.now - kStart >= 1s);
  CHECK(device.now - kStart <= 1s + 50ms);
}

TEST_CASE("three unanswered pings are the end of an ordinary device") {
  Watched device;
  CHECK(device.next() == HealthVerdict::ping);
  CHECK(device.next() == HealthVerdict::missed);
  CHECK(device.next() == HealthVerdict::missed);
  CHECK(device.next() == HealthVerdict::hung);
  CHECK(device.now - kStart >= 3s);
  CHECK(device.now - kStart <= 3s + 150ms);
  CHECK(device.health.due() == kNever);
}

TEST_CASE("any sign of life clears the misses") {
  Watched device;
  device.next();
  device.next();
  CHECK(device.next() == HealthVerdict::missed);
  CHECK(device.health.misses() == 2);
  device.health.heard();
  CHECK(device.next() == HealthVerdict::ping);
  CHECK(device.health.misses() == 0);
}

TEST_CASE("on an input path a silent device that holds input is found out in 0.6 s") {
  Watched device(input_path());
  device.health.hold(true, kStart);
  CHECK(device.silence_until_hung() == 600ms);
}

TEST_CASE("on an input path without held input the ordinary rate holds") {
  Watched device(input_path());
  CHECK(device.silence_until_hung() >= 3s);
}

TEST_CASE("off the input path held input does not hurry") {
  Watched device;
  device.health.hold(true, kStart);
  CHECK(device.silence_until_hung() >= 3s);
}

TEST_CASE("taking hold brings a leisurely ping forward") {
  Watched device(input_path());
  device.next();
  device.health.heard();
  device.next();
  device.health.hold(true, device.now + 100ms);
  CHECK(device.health.due() == device.now + 300ms);
}

TEST_CASE("a gap of the loop blames nobody and starts the interval anew") {
  Watched device(input_path());
  device.health.hold(true, kStart);
  CHECK(device.next() == HealthVerdict::ping);
  CHECK(device.next() == HealthVerdict::missed);
  const TimePoint late = device.now + 200ms + 5s;
  CHECK(device.health.judge(late) == HealthVerdict::ping);
  CHECK(device.health.misses() == 1);
  CHECK(device.health.due() == late + 200ms);
  device.now = late;
  CHECK(device.next() == HealthVerdict::missed);
  CHECK(device.next() == HealthVerdict::hung);
}

TEST_CASE("a stopped process that holds input has 300 ms") {
  Watched device;
  device.next();
  device.health.hold(true, kStart + 10ms);
  device.health.process_stopped(true, kStart + 50ms);
  CHECK(device.health.due() == kStart + 350ms);
  CHECK(device.health.judge(kStart + 349ms) == HealthVerdict::nothing);
  CHECK(device.health.judge(kStart + 350ms) == HealthVerdict::stopped_holding);
}

TEST_CASE("a stopped process that takes hold later has 300 ms from then") {
  Watched device;
  device.next();
  device.health.process_stopped(true, kStart);
  CHECK(device.health.due() > kStart + 900ms);
  device.health.hold(true, kStart + 100ms);
  CHECK(device.health.due() == kStart + 400ms);
}

TEST_CASE("letting go or going on ends the rule for stopped processes") {
  Watched device;
  device.next();
  device.health.hold(true, kStart);
  device.health.process_stopped(true, kStart);
  device.health.process_stopped(false, kStart + 299ms);
  CHECK(device.health.judge(kStart + 300ms) == HealthVerdict::nothing);
  device.health.process_stopped(true, kStart + 300ms);
  CHECK(device.health.due() == kStart + 600ms);
  device.health.hold(false, kStart + 500ms);
  CHECK(device.health.judge(kStart + 600ms) == HealthVerdict::nothing);
}

TEST_CASE("a gap of the loop gives a stopped process its time again") {
  Watched device;
  device.next();
  device.health.heard();
  device.health.hold(true, kStart);
  device.health.process_stopped(true, kStart);
  const TimePoint late = kStart + 10s;
  CHECK(device.health.judge(late) == HealthVerdict::ping);
  CHECK(device.health.due() == late + 300ms);
  CHECK(device.health.judge(late + 300ms) == HealthVerdict::stopped_holding);
}

TEST_CASE("health that is off asks nothing of a device that holds nothing") {
  HealthSpec off = input_path();
  off.enabled = false;
  Watched device(off);
  device.health.process_stopped(true, kStart);
  CHECK(device.health.due() == kNever);
  CHECK(device.health.judge(kStart + 1h) == HealthVerdict::nothing);
}

TEST_CASE("a device that holds input hears of its kernel also where health is off") {
  HealthSpec off = input_path();
  off.enabled = false;
  Watched device(off);
  device.health.process_stopped(true, kStart);
  device.health.hold(true, kStart);
  for (int i = 0; i < 100; ++i) {
    const TimePoint before = device.now;
    REQUIRE(device.next() == HealthVerdict::ping);  // nobody is killed, stopped and silent as it is
    CHECK(device.now - before <= kHeldPingIntervalMax);
  }
  device.health.hold(false, device.now);
  CHECK(device.next() == HealthVerdict::nothing);
  CHECK(device.health.due() == kNever);
  device.health.hold(true, device.now);
  CHECK(device.health.due() <= device.now + kHeldPingIntervalMax);
}

TEST_CASE("a slow rate becomes fast enough for held input, and stays as patient") {
  CHECK(rate_while_held({2s, 3}) == PingRate{200ms, 30});
  CHECK(rate_while_held({250ms, 3}) == PingRate{200ms, 4});
  CHECK(rate_while_held({200ms, 5}) == PingRate{200ms, 5});
  CHECK(rate_while_held({10ms, 3}) == PingRate{10ms, 3});
}

TEST_CASE("turning health on starts at once with a clean record") {
  HealthSpec off;
  off.enabled = false;
  Watched device(off);
  device.health.set_spec({}, kStart + 5s);
  CHECK(device.health.due() == kStart + 5s);
  CHECK(device.health.judge(kStart + 5s) == HealthVerdict::ping);
}
