#include "kernel/log/output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace dkvm::detail {
namespace {

constexpr int kFileMode = 0640;

// A pipe that polls as writable takes PIPE_BUF bytes without waiting.
bool writable_now(int fd) {
  pollfd poll_fd{fd, POLLOUT, 0};
  return ::poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLOUT) != 0;
}

bool is_regular(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

LogOutput::LogOutput(std::string file) : path_(std::move(file)) { reopen(); }

void LogOutput::reopen() {
  complained_ = false;
  if (!path_.empty()) {
    file_.reset(
        ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, kFileMode));
    if (!file_) return complain(errno);
  }
  regular_ = is_regular(fd());
}

int LogOutput::fd() const { return path_.empty() ? STDERR_FILENO : file_.get(); }

void LogOutput::write(std::string_view line) {
  if (fd() < 0) return;
  if (dropped_since_ != 0) {
    if (!put(fmt::format("[{} lines of the log could not be written here]\n", dropped_since_))) {
      ++dropped_, ++dropped_since_;
      return;
    }
    dropped_since_ = 0;
  }
  if (!put(fmt::format("{}\n", line))) ++dropped_, ++dropped_since_;
}

bool LogOutput::put(std::string_view bytes) {
  while (!bytes.empty())
    if (!put_some(bytes)) return false;
  return true;
}

bool LogOutput::put_some(std::string_view& bytes) {
  if (!regular_ && !writable_now(fd())) return false;
  const std::size_t chunk = regular_ ? bytes.size() : std::min<std::size_t>(bytes.size(), PIPE_BUF);
  const ssize_t count = ::write(fd(), bytes.data(), chunk);
  if (count >= 0) {
    bytes.remove_prefix(static_cast<std::size_t>(count));
    return true;
  }
  if (errno == EINTR) return true;
  if (errno != EAGAIN) complain(errno);
  return false;
}

void LogOutput::complain(int error) {
  if (complained_ || path_.empty()) return;
  complained_ = true;
  const std::string text =
      fmt::format("the log file {} cannot be written: {}\n", path_, std::strerror(error));
  if (writable_now(STDERR_FILENO)) {
    [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
  }
}

}  // namespace dkvm::detail
