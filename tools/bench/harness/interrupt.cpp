#include "tools/bench/harness/interrupt.hpp"

#include <poll.h>
#include <signal.h>

#include <cerrno>
#include <csignal>

namespace dkvm::bench {
namespace {

volatile std::sig_atomic_t interrupted = 0;  // a signal handler can reach nothing else

Result<> check() {
  if (interrupted != 0) return fail(Errc::disconnected, "interrupted");
  return {};
}

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

Result<bool> wait_readable(int fd, std::chrono::milliseconds timeout) {
  DKVM_CHECK(check());
  pollfd waiting{fd, POLLIN, 0};
  const int ready = ::poll(&waiting, fd < 0 ? 0 : 1, static_cast<int>(timeout.count()));
  DKVM_CHECK(check());
  return ready > 0;
}

Result<> sleep_for(std::chrono::milliseconds duration) {
  DKVM_CHECK(wait_readable(-1, duration));
  return {};
}

}  // namespace dkvm::bench
