#include "kernel/device_manager/health.hpp"

#include "kernel/loop/loop_gap.hpp"

#include <algorithm>

namespace dkvm {
namespace {

// Unhurried pings of all devices share the kernel's wake-ups.
constexpr Duration kPingGrid = std::chrono::milliseconds(50);

TimePoint on_grid(TimePoint when) {
  const Duration since = when.time_since_epoch();
  return TimePoint(since - since % kPingGrid + kPingGrid);
}

}  // namespace

PingRate rate_while_held(const PingRate& wanted) {
  if (wanted.interval <= kHeldPingIntervalMax) return wanted;
  const Duration patience = wanted.interval * wanted.misses_max;
  const auto misses = (patience + kHeldPingIntervalMax - Duration(1)) / kHeldPingIntervalMax;
  return {kHeldPingIntervalMax, static_cast<int>(misses)};
}

void Health::set_spec(HealthSpec spec, TimePoint now) {
  spec_ = spec;
  if (!running_) return;
  misses_ = 0;
  asked_ = false;
  ping_due_ = pings() ? now : kNever;
  plan_stop_rule(now);
}

void Health::start(TimePoint now) {
  running_ = true;
  heard_ = asked_ = false;
  misses_ = 0;
  ping_due_ = pings() ? now : kNever;
  plan_stop_rule(now);
}

void Health::end() {
  running_ = heard_ = asked_ = held_ = stopped_ = false;
  misses_ = 0;
  ping_due_ = stop_rule_due_ = kNever;
}

void Health::hold(bool held, TimePoint now) {
  if (held_ == held) return;
  held_ = held;
  // What a slower rate had planned is too late for held input.
  if (held && running_ && spec_.input_path)
    ping_due_ = std::min(ping_due_, now + (asked_ ? spec_.held.interval : Duration(0)));
  plan_stop_rule(now);
}

void Health::process_stopped(bool stopped, TimePoint now) {
  if (stopped_ == stopped) return;
  stopped_ = stopped;
  plan_stop_rule(now);
}

void Health::plan_stop_rule(TimePoint now) {
  const bool applies = spec_.enabled && held_ && stopped_;
  if (!applies)
    stop_rule_due_ = kNever;
  else if (stop_rule_due_ == kNever)
    stop_rule_due_ = now + spec_.stopped_max;
}

const PingRate& Health::rate() const {
  return spec_.input_path && held_ ? spec_.held : spec_.ordinary;
}

TimePoint Health::due() const { return std::min(ping_due_, stop_rule_due_); }

HealthVerdict Health::judge(TimePoint now) {
  if (now >= stop_rule_due_) {
    const bool gap = loop_stood_still(now - stop_rule_due_);
    stop_rule_due_ = gap ? now + spec_.stopped_max : kNever;
    if (!gap) return HealthVerdict::stopped_holding;
  }
  return now >= ping_due_ ? judge_ping(now) : HealthVerdict::nothing;
}

HealthVerdict Health::judge_ping(TimePoint now) {
  if (!pings()) {
    ping_due_ = kNever;
    return HealthVerdict::nothing;
  }
  const bool gap = loop_stood_still(now - ping_due_);
  const bool missed = spec_.enabled && asked_ && !heard_ && !gap;
  if (heard_) misses_ = 0;
  if (missed) ++misses_;
  heard_ = false;
  if (misses_ >= rate().misses_max) {
    ping_due_ = kNever;
    return HealthVerdict::hung;
  }
  asked_ = true;
  const TimePoint next = now + rate().interval;
  ping_due_ = spec_.input_path && held_ ? next : on_grid(next);
  return missed ? HealthVerdict::missed : HealthVerdict::ping;
}

}  // namespace dkvm
