#pragma once

#include <signal.h>

#include <cerrno>

#include "kernel/device_manager/process.hpp"

namespace dkvm::detail {

// Signals a device with all of its group. For a moment after its start, before
// the launcher has made the session, there is no group but only the process.
inline void signal_group(ProcessId pid, int signal) {
  if (::kill(-pid, signal) != 0 && errno == ESRCH) ::kill(pid, signal);
}

}  // namespace dkvm::detail
