#pragma once

#include <chrono>
#include <cstdint>

#include "kernel/loop/clock.hpp"

namespace dkvm {

// How often a device is asked for a sign of life, and how often it may miss.
struct PingRate {
  Duration interval = std::chrono::seconds(1);
  int misses_max = 3;

  bool operator==(const PingRate&) const = default;
};

// Sinks let go when they hear nothing of a kernel for kKernelSilenceMax: while
// something is held they are pinged this often at least.
inline constexpr Duration kHeldPingIntervalMax = std::chrono::milliseconds(200);

// A rate for devices that hold input: often enough for them, and as patient
// altogether as `wanted`.
PingRate rate_while_held(const PingRate& wanted);

struct HealthSpec {
  bool enabled = true;      // false: nobody is judged, neither the silent nor the stopped
  bool input_path = false;  // a hung one is killed without SIGABRT first
  PingRate ordinary;
  PingRate held{kHeldPingIntervalMax, 3};                 // on an input path, while input is held
  Duration abort_to_kill = std::chrono::seconds(2);       // SIGABRT, this long, SIGKILL
  Duration stopped_max = std::chrono::milliseconds(300);  // a stopped process that holds input

  bool operator==(const HealthSpec&) const = default;
};

enum class HealthVerdict : std::uint8_t {
  nothing,         // not due yet
  ping,            // alive; ask again
  missed,          // an unanswered ping; ask again
  hung,            // too many of them: end it
  stopped_holding  // its process is stopped while it holds input: kill it
};

// The health of one running device, pure. Any frame is life.
// Deadlines must be judged only after a poll pass, when what had arrived has
// been read. A judgement that comes far too late means that the kernel itself
// stood still: the interval then starts anew and nobody is blamed.
class Health {
 public:
  explicit Health(HealthSpec spec = {}) : spec_(spec) {}

  void set_spec(HealthSpec spec, TimePoint now);
  void start(TimePoint now);  // the device runs; the first ping is due at once
  void end();                 // nothing is due any more

  // A frame came. The hot path: one store.
  void heard() { heard_ = true; }
  void hold(bool held, TimePoint now);
  void process_stopped(bool stopped, TimePoint now);

  TimePoint due() const;
  HealthVerdict judge(TimePoint now);

  int misses() const { return misses_; }
  bool process_is_stopped() const { return stopped_; }
  const PingRate& rate() const;
  const HealthSpec& spec() const { return spec_; }

 private:
  bool pings() const { return spec_.enabled || (spec_.input_path && held_); }
  HealthVerdict judge_ping(TimePoint now);
  void plan_stop_rule(TimePoint now);

  HealthSpec spec_;
  bool heard_ = false;
  bool running_ = false;
  bool asked_ = false;  // a ping is out
  bool held_ = false;
  bool stopped_ = false;
  int misses_ = 0;
  TimePoint ping_due_ = kNever;
  TimePoint stop_rule_due_ = kNever;
};

}  // namespace dkvm
