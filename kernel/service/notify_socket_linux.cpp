#include "kernel/service/notify_socket.hpp"

#include <fmt/format.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

namespace dkvm {
namespace {

// An abstract address begins with a NUL, and its length is part of it.
socklen_t fill(sockaddr_un& to, const std::string& address) {
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address.data(), address.size());
  if (address.front() == '@') to.sun_path[0] = '\0';
  const bool path = address.front() == '/';
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size() + (path ? 1 : 0));
}

}  // namespace

Result<NotifySocket> NotifySocket::of(std::string address) {
  NotifySocket socket;
  if (address.empty()) return socket;
  const bool known = address.size() > 1 && (address.front() == '/' || address.front() == '@');
  if (!known || address.size() >= sizeof(sockaddr_un::sun_path))
    return fail(Errc::invalid, fmt::format("NOTIFY_SOCKET is '{}', expected /path or @name of at "
                                           "most {} bytes",
                                           address, sizeof(sockaddr_un::sun_path) - 1));
  socket.fd_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.fd_)
    return fail(Errc::exhausted,
                fmt::format("opening a socket for NOTIFY_SOCKET: {}", std::strerror(errno)));
  socket.address_ = std::move(address);
  return socket;
}

bool NotifySocket::send(std::string_view message) {
  if (!fd_) return true;
  sockaddr_un to{};
  const socklen_t length = fill(to, address_);
  const ssize_t sent = ::sendto(fd_.get(), message.data(), message.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&to), length);
  return sent >= 0 || (errno != EAGAIN && errno != ENOBUFS && errno != EINTR);
}

}  // namespace dkvm
