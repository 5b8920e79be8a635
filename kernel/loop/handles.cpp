#include "kernel/loop/handle.hpp"

namespace dkvm {
namespace detail {

struct PollState {
  uv_poll_t uv{};
  Poll::Callback callback;
};

struct TimerState {
  uv_timer_t uv{};
  Timer::Callback callback;
  TimePoint due = kNever;
};

struct SignalState {
  uv_signal_t uv{};
  Signal::Callback callback;
};

struct AsyncState {
  uv_async_t uv{};
  Async::Callback callback;
};

namespace {

void on_poll(uv_poll_t* handle, int status, int events) {
  PollEvents seen;
  seen.readable = (events & UV_READABLE) != 0;
  seen.writable = (events & UV_WRITABLE) != 0;
  seen.hangup = (events & UV_DISCONNECT) != 0;
  seen.error = status < 0 ? -status : 0;
  state_of<PollState>(handle)->callback(seen);
}

void on_timer(uv_timer_t* handle);

// libuv counts milliseconds from the time at which the loop last looked.
void start_timer(TimerState& state) {
  const Duration left = std::max(state.due - Clock::now(), Duration(0));
  uv_update_time(state.uv.loop);
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  must(uv_timer_start(&state.uv, on_timer, static_cast<std::uint64_t>(wait), 0));
}

void on_timer(uv_timer_t* handle) {
  TimerState& state = *state_of<TimerState>(handle);
  if (Clock::now() < state.due) return start_timer(state);  // its clock is coarser than ours
  state.due = kNever;
  state.callback();
}

}  // namespace
}  // namespace detail

using detail::open_handle;
using detail::state_of;

Poll::Poll(Loop& loop, int fd, Callback callback)
    : state_(open_handle<detail::PollState>(std::move(callback), [&](uv_poll_t* handle) {
        return uv_poll_init(loop.raw(), handle, fd);
      })) {}
Poll::~Poll() = default;
Poll::Poll(Poll&&) noexcept = default;
Poll& Poll::operator=(Poll&&) noexcept = default;

void Poll::watch(bool readable, bool writable) {
  const int events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
  if (events == 0)
    detail::must(uv_poll_stop(&state_->uv));
  else
    detail::must(uv_poll_start(&state_->uv, events | UV_DISCONNECT, detail::on_poll));
}

Timer::Timer(Loop& loop, Callback callback)
    : state_(open_handle<detail::TimerState>(std::move(callback), [&](uv_timer_t* handle) {
        return uv_timer_init(loop.raw(), handle);
      })) {}
Timer::~Timer() = default;
Timer::Timer(Timer&&) noexcept = default;
Timer& Timer::operator=(Timer&&) noexcept = default;

void Timer::arm_in(Duration delay) { arm_at(Clock::now() + delay); }

void Timer::arm_at(TimePoint when) {
  if (when == kNever) return disarm();
  state_->due = when;
  detail::start_timer(*state_);
}

void Timer::disarm() {
  state_->due = kNever;
  uv_timer_stop(&state_->uv);
}

bool Timer::armed() const { return state_->due != kNever; }

Signal::Signal(Loop& loop, int number, Callback callback)
    : state_(open_handle<detail::SignalState>(std::move(callback), [&](uv_signal_t* handle) {
        return uv_signal_init(loop.raw(), handle);
      })) {
  const auto ring = [](uv_signal_t* handle, int) {
    state_of<detail::SignalState>(handle)->callback();
  };
  detail::must(uv_signal_start(&state_->uv, ring, number));
}
Signal::~Signal() = default;
Signal::Signal(Signal&&) noexcept = default;
Signal& Signal::operator=(Signal&&) noexcept = default;

Async::Async(Loop& loop, Callback callback)
    : state_(open_handle<detail::AsyncState>(std::move(callback), [&](uv_async_t* handle) {
        return uv_async_init(loop.raw(), handle, [](uv_async_t* rung) {
          state_of<detail::AsyncState>(rung)->callback();
        });
      })) {}
Async::~Async() = default;
Async::Async(Async&&) noexcept = default;
Async& Async::operator=(Async&&) noexcept = default;

void Async::send() { uv_async_send(&state_->uv); }

}  // namespace dkvm
