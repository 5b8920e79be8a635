#include "config/read_file.hpp"

#include <dkvm/detail/fd.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <system_error>

namespace dkvm::detail {
namespace {

std::string why() { return std::generic_category().message(errno); }

// A read lease: the system refuses it while anybody has the file open for writing, and
// holds up whoever then opens it so until the lease is gone.
class Lease {
 public:
  enum class State { held, refused, unknown };

  explicit Lease(int fd) : fd_(fd) {
    // Whoever is held up is told us by a signal: one that does nothing.
    ::fcntl(fd, F_SETSIG, SIGURG);
    if (::fcntl(fd, F_SETLEASE, F_RDLCK) == 0)
      state_ = State::held;
    else if (errno == EAGAIN)
      state_ = State::refused;
  }
  ~Lease() {
    if (state_ == State::held) ::fcntl(fd_, F_SETLEASE, F_UNLCK);
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  State state() const { return state_; }

 private:
  int fd_;
  State state_ = State::unknown;  // the file is another user's, or of a system without leases
};

bool is_young(const struct stat& info) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::chrono::nanoseconds age = std::chrono::seconds(now.tv_sec - info.st_mtim.tv_sec) +
                                       std::chrono::nanoseconds(now.tv_nsec - info.st_mtim.tv_nsec);
  return age >= std::chrono::nanoseconds(0) && age < kFileQuietTime;
}

Result<std::string> read_all(int fd, std::size_t bytes_max) {
  std::string bytes;
  char piece[64 * 1024];
  while (bytes.size() < bytes_max) {
    const ssize_t got = ::read(fd, piece, std::min(sizeof(piece), bytes_max - bytes.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Errc::invalid, "reading it failed: " + why());
    if (got == 0) break;
    bytes.append(piece, static_cast<std::size_t>(got));
  }
  return bytes;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t bytes_max, bool finished) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) return fail(Errc::not_found, why());
  if (S_ISDIR(info.st_mode)) return fail(Errc::invalid, "it is a folder");
  if (!finished || !S_ISREG(info.st_mode)) return read_all(file.get(), bytes_max);
  const Lease lease(file.get());
  if (lease.state() == Lease::State::refused ||
      (lease.state() == Lease::State::unknown && is_young(info)))
    return fail(Errc::overloaded, "somebody is writing it");
  return read_all(file.get(), bytes_max);
}

}  // namespace dkvm::detail
