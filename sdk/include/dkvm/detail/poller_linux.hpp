#pragma once

#include <dkvm/detail/fd.hpp>
#include <dkvm/result.hpp>
#include <dkvm/time.hpp>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

namespace dkvm::detail {

// Many descriptors and timers behind one pollable descriptor. Timers have no
// limit of their own: each is there because the device asked for it.
// Callbacks may add and remove anything, themselves included.
class Poller {
 public:
  using Callback = std::function<void()>;

  static constexpr std::uint32_t kReadable = EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP;
  static constexpr std::uint32_t kWritable = EPOLLOUT;

  Poller()
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
    control(EPOLL_CTL_ADD, timer_.get(), EPOLLIN);
  }

  // Readable whenever dispatch() has something to do.
  int fd() const { return epoll_.get(); }

  Result<> watch(int fd, std::uint32_t interest, Callback callback) {
    if (!control(watched_.contains(fd) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, interest))
      return fail(Errc::invalid,
                  "watching file descriptor " + std::to_string(fd) + ": " + std::strerror(errno));
    watched_[fd] = std::make_shared<Callback>(std::move(callback));
    return {};
  }

  // Changes what a watched descriptor is watched for.
  void set_interest(int fd, std::uint32_t interest) { control(EPOLL_CTL_MOD, fd, interest); }

  void forget(int fd) {
    if (watched_.erase(fd) != 0) control(EPOLL_CTL_DEL, fd, 0);
  }

  // Calls once at time_ns (CLOCK_MONOTONIC). Returns a handle for cancel().
  std::uint64_t at(std::uint64_t time_ns, Callback callback) {
    const std::uint64_t id = ++last_timer_;
    timers_.emplace(std::pair{time_ns, id}, std::move(callback));
    times_[id] = time_ns;
    arm();
    return id;
  }

  void cancel(std::uint64_t id) {
    const auto found = times_.find(id);
    if (found == times_.end()) return;
    timers_.erase({found->second, id});
    times_.erase(found);
  }

  // Keeps fd() readable, so that every kind of loop comes back at once.
  void stay_ready(bool wanted) {
    if (wanted == stays_ready_) return;
    stays_ready_ = wanted;
    control(wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, always_readable_.get(), EPOLLIN);
  }

  // Runs what is ready, waiting at most timeout_ms for it (-1: for ever).
  void dispatch(int timeout_ms) {
    std::array<epoll_event, kEventsPerTurnMax> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerTurnMax, timeout_ms);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == timer_.get()) {
        run_timers();
        continue;
      }
      const auto found = watched_.find(fd);
      if (found == watched_.end()) continue;
      const std::shared_ptr<Callback> keep = found->second;  // may forget itself
      (*keep)();
    }
  }

 private:
  static constexpr int kEventsPerTurnMax = 32;

  bool control(int operation, int fd, std::uint32_t interest) {
    epoll_event event{};
    event.events = interest;
    event.data.fd = fd;
    return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
  }

  void run_timers() {
    std::uint64_t expirations = 0;
    [[maybe_unused]] const ssize_t ignored =
        ::read(timer_.get(), &expirations, sizeof(expirations));
    armed_ns_ = 0;
    const std::uint64_t now = now_ns();
    // As many as there were: timers that set others in the past get their next turn later.
    for (std::size_t left = timers_.size(); left != 0; --left) {
      if (timers_.empty() || timers_.begin()->first.first > now) break;
      auto due = timers_.extract(timers_.begin());
      times_.erase(due.key().second);
      due.mapped()();
    }
    arm();
  }

  void arm() {
    if (timers_.empty()) return;
    const std::uint64_t next = timers_.begin()->first.first;
    if (armed_ns_ != 0 && armed_ns_ <= next) return;
    armed_ns_ = next == 0 ? 1 : next;
    itimerspec spec{};
    spec.it_value.tv_sec = static_cast<time_t>(armed_ns_ / 1'000'000'000);
    spec.it_value.tv_nsec = static_cast<long>(armed_ns_ % 1'000'000'000);
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
  }

  Fd epoll_;
  Fd timer_;
  Fd always_readable_{::eventfd(1, EFD_CLOEXEC)};
  bool stays_ready_ = false;
  std::unordered_map<int, std::shared_ptr<Callback>> watched_;  // shared with a running call
  std::map<std::pair<std::uint64_t, std::uint64_t>, Callback> timers_;
  std::unordered_map<std::uint64_t, std::uint64_t> times_;
  std::uint64_t last_timer_ = 0;
  std::uint64_t armed_ns_ = 0;
};

}  // namespace dkvm::detail
