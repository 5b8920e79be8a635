#pragma once

#include <dkvm/detail/held_codes.hpp>
#include <dkvm/detail/poller_linux.hpp>
#include <dkvm/time.hpp>

#include <poll.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

namespace dkvm::detail {

// A sink must not leave a key down when its kernel falls silent. Watched only
// while something is held: a device with nothing to release sleeps.
class SilenceWatch {
 public:
  // on_silent: the kernel is silent and something is held.
  // Life: poller and `in`, where the kernel is heard, outlive this.
  SilenceWatch(Poller& poller, int in, std::function<void()> on_silent)
      : poller_(poller), in_(in), on_silent_(std::move(on_silent)) {}

  // How long a kernel may be silent; 0: for ever.
  void set_limit_ms(std::uint32_t limit_ms) { limit_ns_ = limit_ms * std::uint64_t{1'000'000}; }

  void heard() { heard_ns_ = now_ns(); }
  std::uint64_t heard_ns() const { return heard_ns_; }

  // Follows an event whose payload was verified.
  void follow(const Frame& frame) {
    if (held_.follow(frame)) watch();
  }
  void released() { held_.clear(); }
  void closed(std::uint16_t port) { held_.forget(port); }

 private:
  static constexpr std::uint64_t kCheckNs = 50'000'000;

  void watch() {
    if (limit_ns_ == 0 || std::exchange(watching_, true)) return;
    poller_.at(std::max(heard_ns_ + limit_ns_, now_ns() + kCheckNs), [this] {
      watching_ = false;
      if (!held_.any()) return;
      const bool silent = now_ns() - heard_ns_ >= limit_ns_ && !spoke_just_now();
      silent ? on_silent_() : watch();
    });
  }

  // What has come while this device was busy is not read yet.
  bool spoke_just_now() const {
    pollfd waiting{in_, POLLIN, 0};
    return ::poll(&waiting, 1, 0) > 0;
  }

  Poller& poller_;
  int in_;
  std::function<void()> on_silent_;
  HeldCodes held_;
  std::uint64_t limit_ns_ = 0;
  std::uint64_t heard_ns_ = 0;
  bool watching_ = false;
};

}  // namespace dkvm::detail
