#include "kernel/loop/clock.hpp"

#include <ctime>

namespace dkvm {

Duration boottime() {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

std::int64_t wall_ns() {
  return std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace dkvm
