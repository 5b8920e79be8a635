#pragma once

#include <dkvm/detail/fd.hpp>
#include <dkvm/time.hpp>

#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdint>

namespace dkvm::bench {

// Ticks at a fixed rate on an absolute schedule: a late tick delays no other.
// Every source of every row is woken by it in the same way.
class Pacer {
 public:
  Pacer() : fd_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {}

  // Readable when a tick is due.
  int fd() const { return fd_.get(); }

  void start(double rate_hz) { set(static_cast<std::uint64_t>(1e9 / rate_hz)); }
  void stop() { set(0); }

  // Ticks that fell due since the last look.
  std::uint64_t due() {
    std::uint64_t ticks = 0;
    return ::read(fd_.get(), &ticks, sizeof(ticks)) == sizeof(ticks) ? ticks : 0;
  }

 private:
  void set(std::uint64_t period_ns) {
    itimerspec spec{};
    if (period_ns != 0) {
      const std::uint64_t first_ns = now_ns() + period_ns;
      spec.it_value = to_timespec(first_ns);
      spec.it_interval = to_timespec(period_ns);
    }
    ::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
  }

  static timespec to_timespec(std::uint64_t time_ns) {
    return {static_cast<time_t>(time_ns / 1'000'000'000),
            static_cast<long>(time_ns % 1'000'000'000)};
  }

  detail::Fd fd_;
};

}  // namespace dkvm::bench
