#include "kernel/loop/loop_stalls.hpp"

#include <uv.h>

#include <optional>

#include "kernel/loop/handle.hpp"

namespace dkvm {
namespace detail {

// Two handles: `uv` (check) runs behind the callbacks of a poll pass, `prepare` before
// the next one. libuv takes its time as soon as a poll returns.
struct StallsState {
  uv_check_t uv{};
  uv_prepare_t prepare{};
  int callback = 0;  // none: open_handle() wants one
  StallCounts counts;
  std::optional<std::uint64_t> woken_ms;  // when the last poll returned
  std::optional<std::uint64_t> due_ms;    // when the present one must, at the latest
};

namespace {

Duration since(std::uint64_t now_ms, std::uint64_t then_ms) {
  return std::chrono::milliseconds(now_ms - std::min(now_ms, then_ms));
}

// The poll has returned, and what was ready is done.
void behind_poll(uv_check_t* handle) {
  StallsState& state = *state_of<StallsState>(handle);
  const std::uint64_t woken_ms = uv_now(handle->loop);
  if (state.due_ms) state.counts.add(since(woken_ms, *state.due_ms));
  state.woken_ms = woken_ms;
}

// All of the turn is done.
void before_poll(uv_prepare_t* handle) {
  constexpr std::uint64_t kNsPerMs = 1'000'000;
  StallsState& state = *state_of<StallsState>(handle);
  const std::uint64_t now_ms = uv_hrtime() / kNsPerMs;
  if (state.woken_ms) state.counts.add(since(now_ms, *state.woken_ms));
  const int timeout_ms = uv_backend_timeout(handle->loop);
  state.due_ms.reset();
  if (timeout_ms >= 0) state.due_ms = now_ms + static_cast<std::uint64_t>(timeout_ms);
}

}  // namespace

template <>
void CloseHandle::operator()(StallsState* state) const {
  uv_close(reinterpret_cast<uv_handle_t*>(&state->prepare), [](uv_handle_t* handle) {
    uv_close(reinterpret_cast<uv_handle_t*>(&state_of<StallsState>(handle)->uv),
             [](uv_handle_t* check) { delete state_of<StallsState>(check); });
  });
}

}  // namespace detail

LoopStalls::LoopStalls(Loop& loop)
    : state_(detail::open_handle<detail::StallsState>(
          0, [&](uv_check_t* handle) { return uv_check_init(loop.raw(), handle); })) {
  state_->prepare.data = state_.get();
  detail::must(uv_prepare_init(loop.raw(), &state_->prepare));
  detail::must(uv_prepare_start(&state_->prepare, detail::before_poll));
  detail::must(uv_check_start(&state_->uv, detail::behind_poll));
  uv_unref(reinterpret_cast<uv_handle_t*>(&state_->prepare));
  uv_unref(reinterpret_cast<uv_handle_t*>(&state_->uv));
}
LoopStalls::~LoopStalls() = default;

const StallCounts& LoopStalls::counts() const { return state_->counts; }

}  // namespace dkvm
