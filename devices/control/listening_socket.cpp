#include "devices/control/listening_socket.hpp"

#include "devices/control/limits.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dkvm {
namespace {

constexpr mode_t kSocketMode = 0600;
constexpr mode_t kDirectoryMode = 0700;

tl::unexpected<Error> failed(Errc code, const std::string& what) {
  return fail(code, what + ": " + std::strerror(errno));
}

Errc code_of_errno() {
  switch (errno) {
    case EACCES:
    case EPERM:
    case EROFS: return Errc::denied;
    case ENOENT:
    case ENOTDIR: return Errc::invalid;
    default: return Errc::exhausted;
  }
}

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path))
    return fail(Errc::invalid, "the socket's path '" + path + "' has " +
                                   std::to_string(path.size()) + " bytes, 1 to " +
                                   std::to_string(sizeof(address.sun_path) - 1) + " are possible");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

detail::Fd new_socket() {
  return detail::Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

bool connects(int fd, const sockaddr_un& address) {
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

// Only the owner of a directory decides what its names lead to.
Result<> prepare_directory(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) return {};
  const std::string directory = path.substr(0, slash);
  if (::mkdir(directory.c_str(), kDirectoryMode) != 0 && errno != EEXIST)
    return failed(code_of_errno(), "making the directory '" + directory + "'");
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0)
    return failed(code_of_errno(), "the directory '" + directory + "'");
  if (!S_ISDIR(status.st_mode)) return fail(Errc::invalid, "'" + directory + "' is no directory");
  if (status.st_uid != ::geteuid() && status.st_uid != 0)
    return fail(Errc::denied, "the directory '" + directory + "' belongs to another user");
  return {};
}

Result<> clear_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode))
    return fail(Errc::invalid, "'" + path + "' is there already and is no socket");
  const detail::Fd probe = new_socket();
  if (connects(probe.get(), address) || errno == EAGAIN)
    return fail(Errc::exhausted, "another process listens at '" + path + "'");
  if (errno != ECONNREFUSED) return failed(code_of_errno(), "trying the socket '" + path + "'");
  if (::unlink(path.c_str()) != 0)
    return failed(code_of_errno(), "removing the stale socket '" + path + "'");
  return {};
}

}  // namespace

Result<ListeningSocket> ListeningSocket::open(const std::string& path) {
  DKVM_TRY(const sockaddr_un address, address_of(path));
  DKVM_CHECK(prepare_directory(path));
  DKVM_CHECK(clear_stale(path, address));
  ListeningSocket made(new_socket(), path);
  if (!made.fd_) return failed(Errc::exhausted, "making a socket");
  DKVM_CHECK(made.bind_and_listen());
  return made;
}

// The mode is right from the first moment: nobody can be quicker.
Result<> ListeningSocket::bind_and_listen() {
  DKVM_TRY(const sockaddr_un address, address_of(path_));
  if (::fchmod(fd_.get(), kSocketMode) != 0)
    return failed(Errc::denied, "setting the mode of '" + path_ + "'");
  const mode_t before = ::umask(static_cast<mode_t>(~kSocketMode & 0777));
  const int bound = ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  ::umask(before);
  if (bound != 0) return failed(code_of_errno(), "binding '" + path_ + "'");
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
  if (::listen(fd_.get(), kControlBacklogMax) != 0)
    return failed(Errc::exhausted, "listening at '" + path_ + "'");
  return {};
}

ListeningSocket::~ListeningSocket() {
  struct stat status {};
  if (!fd_ || inode_ == 0 || ::lstat(path_.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
}

}  // namespace dkvm
