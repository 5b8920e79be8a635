#pragma once

#include <algorithm>
#include <chrono>

#include "kernel/loop/clock.hpp"

namespace dkvm {

struct BackoffSpec {
  Duration first = std::chrono::milliseconds(250);
  double factor = 2.0;
  Duration max = std::chrono::seconds(30);
  double jitter = 0.2;                              // of the delay, to both sides
  Duration healthy_min = std::chrono::seconds(10);  // a run that clears the record

  bool operator==(const BackoffSpec&) const = default;
};

// How long to wait before the next start, pure.
class Backoff {
 public:
  explicit Backoff(BackoffSpec spec = {}) : spec_(spec) {}

  // The delay after a run that was healthy for `healthy` (0: never was), with
  // `random` in [0, 1). After a run of max(healthy_min, last delay) it is zero
  // and the series starts anew. Never more than spec.max, jitter included.
  Duration next(Duration healthy, double random) {
    if (healthy > Duration(0) && healthy >= std::max(spec_.healthy_min, last_)) {
      reset();
      return Duration(0);
    }
    base_ = base_ == Duration(0) ? spec_.first : std::min(scale(base_, spec_.factor), spec_.max);
    last_ = std::min(scale(base_, 1.0 + spec_.jitter * (2.0 * random - 1.0)), spec_.max);
    return last_;
  }

  void reset() { base_ = last_ = Duration(0); }
  void set_spec(BackoffSpec spec) { spec_ = spec; }
  Duration last() const { return last_; }

 private:
  static Duration scale(Duration value, double by) {
    return Duration(static_cast<Duration::rep>(static_cast<double>(value.count()) * by));
  }

  BackoffSpec spec_;
  Duration base_{0};  // without jitter; 0: no failure yet
  Duration last_{0};
};

}  // namespace dkvm
