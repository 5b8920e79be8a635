#pragma once

#include <chrono>
#include <utility>

#include "kernel/loop/clock.hpp"

namespace dkvm {

// A shorter sleep is not told from the noise of reading two clocks.
inline constexpr Duration kSuspendMin = std::chrono::seconds(1);

// Notices that the machine slept: boot time then runs ahead of the monotonic clock.
class SuspendWatch {
 public:
  SuspendWatch(Duration boottime, TimePoint now) : ahead_(boottime - now.time_since_epoch()) {}

  // How long it slept since the last look; zero when it did not.
  Duration look(Duration boottime, TimePoint now) {
    const Duration ahead = boottime - now.time_since_epoch();
    const Duration jump = ahead - std::exchange(ahead_, ahead);
    return jump > kSuspendMin ? jump : Duration(0);
  }

 private:
  Duration ahead_;
};

}  // namespace dkvm
