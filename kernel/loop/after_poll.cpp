#include "kernel/loop/handle.hpp"

namespace dkvm {
namespace detail {

// Two handles: `uv` (check) runs behind the poll pass, `idle` keeps that pass
// from waiting. The state goes when both are closed.
struct AfterPollState {
  uv_check_t uv{};
  uv_idle_t idle{};
  AfterPoll::Callback callback;
};

namespace {

void after_poll(uv_check_t* handle) {
  AfterPollState& state = *state_of<AfterPollState>(handle);
  uv_check_stop(&state.uv);
  uv_idle_stop(&state.idle);
  state.callback();
}

}  // namespace

template <>
void CloseHandle::operator()(AfterPollState* state) const {
  uv_check_stop(&state->uv);
  uv_close(reinterpret_cast<uv_handle_t*>(&state->idle), [](uv_handle_t* handle) {
    uv_close(reinterpret_cast<uv_handle_t*>(&state_of<AfterPollState>(handle)->uv),
             [](uv_handle_t* check) { delete state_of<AfterPollState>(check); });
  });
}

}  // namespace detail

AfterPoll::AfterPoll(Loop& loop, Callback callback)
    : state_(detail::open_handle<detail::AfterPollState>(
          std::move(callback),
          [&](uv_check_t* handle) { return uv_check_init(loop.raw(), handle); })) {
  state_->idle.data = state_.get();
  detail::must(uv_idle_init(loop.raw(), &state_->idle));
}
AfterPoll::~AfterPoll() = default;
AfterPoll::AfterPoll(AfterPoll&&) noexcept = default;
AfterPoll& AfterPoll::operator=(AfterPoll&&) noexcept = default;

void AfterPoll::request() {
  detail::must(uv_idle_start(&state_->idle, [](uv_idle_t*) {}));
  detail::must(uv_check_start(&state_->uv, detail::after_poll));
}

}  // namespace dkvm
