#include "tools/dkvmctl/interrupt.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace dkvm::ctl {
namespace {

volatile std::sig_atomic_t write_end = -1;  // a signal handler can reach nothing else

void on_signal(int) {
  const char byte = 1;
  [[maybe_unused]] const ssize_t ignored = ::write(write_end, &byte, 1);
}

void set_handler(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

Interrupt::Interrupt() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) std::abort();  // two descriptors are always left
  read_ = detail::Fd(ends[0]);
  write_ = detail::Fd(ends[1]);
  write_end = ends[1];
  set_handler(on_signal);
}

Interrupt::~Interrupt() {
  set_handler(SIG_DFL);
  write_end = -1;
}

bool Interrupt::wait(std::chrono::milliseconds at_most) const {
  pollfd waiting{read_.get(), POLLIN, 0};
  return ::poll(&waiting, 1, static_cast<int>(at_most.count())) > 0;
}

}  // namespace dkvm::ctl
