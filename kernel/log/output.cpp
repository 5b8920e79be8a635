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

Error unwritable(const std::string& path, int error) {
  return Error(Errc::denied,
               fmt::format("the log file {} cannot be written: {}", path, std::strerror(error)));
}

}  // namespace

LogOutput::LogOutput() : regular_(is_regular(STDERR_FILENO)) {}

Result<> LogOutput::open(std::string file) {
  UniqueFd opened(
      ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, kFileMode));
  if (!opened) return fail(unwritable(file, errno));
  path_ = std::move(file);
  file_ = std::move(opened);
  regular_ = is_regular(file_.get());
  complained_ = false;
  torn_ = false;
  return {};
}

void LogOutput::close() {
  path_.clear();
  file_.reset();
  torn_ = false;
  regular_ = is_regular(STDERR_FILENO);
}

void LogOutput::reopen() {
  if (path_.empty()) return;
  const auto opened = open(path_);
  if (opened) return;
  file_.reset();
  torn_ = false;
  regular_ = is_regular(STDERR_FILENO);
  complain(opened.error().message() + "; its lines go to stderr");
}

int LogOutput::fd() const { return file_ ? file_.get() : STDERR_FILENO; }

void LogOutput::write(std::string_view line) {
  if (dropped_since_ != 0) {
    if (!put(fmt::format("[{} lines of the log could not be written here]\n", dropped_since_))) {
      ++dropped_, ++dropped_since_;
      return;
    }
    dropped_since_ = 0;
  }
  if (!put(fmt::format("{}\n", line))) ++dropped_, ++dropped_since_;
}

// What a full disk cut in the middle is a line of its own.
bool LogOutput::put(std::string_view bytes) {
  for (std::string_view end = "\n"; torn_ && !end.empty();)
    if (!put_some(end)) return false;
  std::string_view rest = bytes;
  while (!rest.empty() && put_some(rest)) {
  }
  torn_ = !rest.empty() && rest.size() != bytes.size();
  return rest.empty();
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
  if (errno != EAGAIN && file_ && !complained_) complain(unwritable(path_, errno).message());
  return false;
}

void LogOutput::complain(const std::string& what) {
  complained_ = true;
  const std::string text = fmt::format("dkvm-kernel: {}\n", what);
  if (writable_now(STDERR_FILENO)) {
    [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
  }
}

}  // namespace dkvm::detail
