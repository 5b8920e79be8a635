#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "kernel/loop/clock.hpp"

struct uv_loop_s;

// Thin owners of libuv's loop and handles. A handle's memory and its callback
// live until libuv's close callback, so a callback may destroy its own wrapper.
// Callbacks are set once, at construction: an event allocates nothing.
// Everything here belongs to the loop's thread, Async::send excepted.
namespace dkvm {

class Loop {
 public:
  Loop();
  // Every wrapper must be gone: the loop runs their close callbacks here.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Until stop(), or until nothing is watched any more.
  void run();
  // Waits for one batch of events and handles it; false when nothing is watched.
  bool run_once();
  // Handles what is ready, waits for nothing.
  void run_ready();
  void stop();

  uv_loop_s* raw() { return raw_.get(); }

 private:
  std::unique_ptr<uv_loop_s> raw_;
};

namespace detail {
// Hands the state over to libuv's close callback.
struct CloseHandle {
  template <class State>
  void operator()(State* state) const;
};

template <class State>
using HandlePtr = std::unique_ptr<State, CloseHandle>;

struct PollState;
struct TimerState;
struct SignalState;
struct AsyncState;
struct AfterPollState;
}  // namespace detail

struct PollEvents {
  bool readable = false;
  bool writable = false;
  bool hangup = false;  // a socket's other side is gone; what it wrote is still readable
  int error = 0;        // an errno value; watching has ended, the rest may be read out
};

// Readiness of a file descriptor, which it makes non-blocking and borrows.
// Life: destroy the Poll before the fd is closed.
class Poll {
 public:
  using Callback = std::function<void(PollEvents)>;

  Poll(Loop& loop, int fd, Callback callback);
  ~Poll();
  Poll(Poll&&) noexcept;
  Poll& operator=(Poll&&) noexcept;

  // What to report from now on; both false reports nothing. Hang-ups are told
  // while anything is watched.
  void watch(bool readable, bool writable);

 private:
  detail::HandlePtr<detail::PollState> state_;
};

// Rings once for each time it is armed, with libuv's millisecond: never early,
// up to 1 ms late.
class Timer {
 public:
  using Callback = std::function<void()>;

  Timer(Loop& loop, Callback callback);
  ~Timer();
  Timer(Timer&&) noexcept;
  Timer& operator=(Timer&&) noexcept;

  void arm_in(Duration delay);
  void arm_at(TimePoint when);  // kNever disarms
  void disarm();
  bool armed() const;

 private:
  detail::HandlePtr<detail::TimerState> state_;
};

// A signal of the process, delivered in the loop; several that arrive together
// may be told once.
class Signal {
 public:
  using Callback = std::function<void()>;

  Signal(Loop& loop, int number, Callback callback);
  ~Signal();
  Signal(Signal&&) noexcept;
  Signal& operator=(Signal&&) noexcept;

 private:
  detail::HandlePtr<detail::SignalState> state_;
};

// Wakes the loop from any thread; several sends may be told once.
// Life: the sender must not outlive it.
class Async {
 public:
  using Callback = std::function<void()>;

  Async(Loop& loop, Callback callback);
  ~Async();
  Async(Async&&) noexcept;
  Async& operator=(Async&&) noexcept;

  void send();  // any thread

 private:
  detail::HandlePtr<detail::AsyncState> state_;
};

// Calls back once after the next poll pass has been handled: what was readable
// when it was requested has then been read. libuv runs timers before it polls,
// so a deadline judged in a timer would overlook an answer that is there. To be
// requested from a timer: requested by a poll callback, the present pass counts.
class AfterPoll {
 public:
  using Callback = std::function<void()>;

  AfterPoll(Loop& loop, Callback callback);
  ~AfterPoll();
  AfterPoll(AfterPoll&&) noexcept;
  AfterPoll& operator=(AfterPoll&&) noexcept;

  void request();

 private:
  detail::HandlePtr<detail::AfterPollState> state_;
};

}  // namespace dkvm
