#pragma once

#include <dkvm/detail/fd.hpp>
#include <dkvm/result.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace dkvm::detail {

// Work for the device's thread from other threads, and a bell that even a
// signal handler may ring.
class Mailbox {
 public:
  static constexpr std::size_t kPostsMax = 4096;

  Result<> open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
      return fail(Errc::exhausted, "no pipe can be made");
    read_ = Fd(ends[0]);
    write_ = Fd(ends[1]);
    return {};
  }

  // Readable after ring() and post(), until take().
  int fd() const { return read_.get(); }

  void ring() {
    const int interrupted = errno;
    const char byte = 1;
    [[maybe_unused]] const ssize_t ignored =
        ::write(write_.get(), &byte, 1);  // full: rings already
    errno = interrupted;
  }

  // Errors: Errc::overloaded when kPostsMax wait; this one is not taken.
  Result<> post(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    if (work_.size() >= kPostsMax)
      return fail(Errc::overloaded, "the device's thread has " + std::to_string(kPostsMax) +
                                        " pieces of work to do, which is the most");
    work_.push_back(std::move(work));
    ring();
    return {};
  }

  std::vector<std::function<void()>> take() {
    char bytes[64];
    while (::read(read_.get(), bytes, sizeof(bytes)) > 0) {
    }
    const std::lock_guard lock(mutex_);
    return std::exchange(work_, {});
  }

 private:
  Fd read_;
  Fd write_;
  std::mutex mutex_;
  std::vector<std::function<void()>> work_;
};

}  // namespace dkvm::detail
