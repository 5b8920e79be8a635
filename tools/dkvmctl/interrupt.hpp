#pragma once

#include <dkvm/detail/fd.hpp>

#include <chrono>

namespace dkvm::ctl {

// Ctrl-C (and SIGTERM) as a descriptor that becomes readable, for commands
// that go on until they are told to end. One at a time in a process.
class Interrupt {
 public:
  Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt();

  int fd() const { return read_.get(); }
  // Waits for it, no longer than this; true when it has come.
  bool wait(std::chrono::milliseconds at_most) const;
  bool raised() const { return wait(std::chrono::milliseconds(0)); }

 private:
  detail::Fd read_;
  detail::Fd write_;
};

}  // namespace dkvm::ctl
