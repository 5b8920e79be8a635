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

struct HealthSpec {
  bool enabled = true;      // false also turns the rule for stopped processes off
  bool input_path = false;  // a hung one is killed without SIGABRT first
  PingRate ordinary;
  PingRate held{std::chrono::milliseconds(200), 3};       // on an input path, while input is held
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

// The health of one running device, pure. Any frame is life. It works the other
// way round too: on an input path a device that holds input is asked at least
// every 200 ms, judged or not, since it lets go when it hears nothing for 500.
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
