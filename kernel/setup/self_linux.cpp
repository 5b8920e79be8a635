#include "kernel/setup/self.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace dkvm {

void ensure_stdio() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number is this one. Without /dev/null there is no going on.
    if (::open("/dev/null", O_RDWR) != fd) std::abort();
  }
}

bool has_terminal() {
  const int fd = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

bool follows_a_terminal() {
  struct sigaction hangup {};
  ::sigaction(SIGHUP, nullptr, &hangup);
  return hangup.sa_handler != SIG_IGN && has_terminal();
}

void prepare_process() {
  std::signal(SIGPIPE, SIG_IGN);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
}

Result<int> claim_runtime_dir(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(Errc::denied,
                fmt::format("making the runtime directory {}: {}", path, std::strerror(errno)));
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
      status.st_uid != ::geteuid())
    return fail(Errc::denied,
                fmt::format("the runtime directory {} is no directory of this user", path));
  const std::string lock = path + "/kernel.lock";
  const int fd = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fail(Errc::denied, fmt::format("opening {}: {}", lock, std::strerror(errno)));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return fail(Errc::overloaded,
                fmt::format("another kernel runs on the runtime directory {}; stop it, or give "
                            "this one its own `kernel: {{runtime_dir: …}}`",
                            path));
  }
  return fd;
}

}  // namespace dkvm
