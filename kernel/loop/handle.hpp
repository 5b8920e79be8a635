#pragma once

#include <uv.h>

#include <memory>
#include <utility>

#include "kernel/loop/assert.hpp"
#include "kernel/loop/loop.hpp"

// How the wrappers keep libuv's handles: each state begins with `uv`, whose
// `data` points back at the state.
namespace dkvm::detail {

// libuv fails these calls only for our own mistakes or for want of memory.
inline void must(int status) { DKVM_ASSERT(status == 0); }

// A new state with `uv` initialised by `init`.
template <class State, class Callback, class Init>
HandlePtr<State> open_handle(Callback callback, Init init) {
  auto state = std::make_unique<State>();
  state->callback = std::move(callback);
  state->uv.data = state.get();
  must(init(&state->uv));
  return HandlePtr<State>(state.release());
}

template <class State, class Uv>
State* state_of(const Uv* handle) {
  return static_cast<State*>(handle->data);
}

// The callback stays whole until libuv is done with the handle: it may be the
// one that is running.
template <class State>
void CloseHandle::operator()(State* state) const {
  uv_close(reinterpret_cast<uv_handle_t*>(&state->uv),
           [](uv_handle_t* handle) { delete state_of<State>(handle); });
}

}  // namespace dkvm::detail
