#include "kernel/loop/loop.hpp"

#include <uv.h>

#include "kernel/loop/handle.hpp"

namespace dkvm {

Loop::Loop() : raw_(std::make_unique<uv_loop_t>()) { detail::must(uv_loop_init(raw_.get())); }

Loop::~Loop() {
  // Close callbacks run at the end of a turn; some wrappers close two handles, in turn.
  constexpr int kTurnsMax = 4;
  int status = UV_EBUSY;
  for (int turn = 0; turn < kTurnsMax && status == UV_EBUSY; ++turn) {
    uv_run(raw_.get(), UV_RUN_NOWAIT);
    status = uv_loop_close(raw_.get());
  }
  detail::must(status);
}

void Loop::run() { uv_run(raw_.get(), UV_RUN_DEFAULT); }

bool Loop::run_once() { return uv_run(raw_.get(), UV_RUN_ONCE) != 0; }

void Loop::run_ready() { uv_run(raw_.get(), UV_RUN_NOWAIT); }

void Loop::stop() { uv_stop(raw_.get()); }

}  // namespace dkvm
