#pragma once

#include <dkvm/result.hpp>

#include <chrono>

namespace dkvm::bench {

// From here on SIGINT and SIGTERM end the waits below with an error, so that
// the bench leaves no process and no file behind.
void catch_interrupts();

// False at the timeout. Errors: Errc::disconnected when interrupted.
Result<bool> wait_readable(int fd, std::chrono::milliseconds timeout);

Result<> sleep_for(std::chrono::milliseconds duration);

}  // namespace dkvm::bench
