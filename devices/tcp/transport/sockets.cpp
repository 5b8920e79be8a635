#include "devices/tcp/transport/sockets.hpp"

#include "devices/tcp/limits.hpp"

#include <fmt/format.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace dkvm::tcp {
namespace {

// An option that a system lacks costs speed, not correctness.
void set_option(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof(value));
}

Fd tcp_socket(int family) {
  return Fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
}

// What may be done about it, behind the system's words.
const char* advice_for_bind(int error) {
  if (error == EADDRINUSE) return ": another program listens there; choose another port, or end it";
  if (error == EADDRNOTAVAIL) return ": no interface of this machine has this address at present";
  return error == EACCES ? ": ports below 1024 are for root" : "";
}

// None of these is for ever: an address may come, another program may go.
Errc code_of_bind(int error) {
  if (error == EADDRINUSE) return Errc::exhausted;
  return error == EACCES ? Errc::denied : Errc::not_found;
}

}  // namespace

Result<Fd> listen_at(const SocketAddress& address) {
  const auto failed = [&](Errc code) {
    return fail(code, fmt::format("listening at {}: {}{}", address.text(), std::strerror(errno),
                                  advice_for_bind(errno)));
  };
  Fd fd = tcp_socket(address.family());
  if (!fd) return failed(errno == EAFNOSUPPORT ? Errc::unsupported : Errc::exhausted);
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.family() == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (::bind(fd.get(), address.get(), address.length) != 0)
    return failed(errno == EADDRNOTAVAIL && address.host() == "::" ? Errc::unsupported
                                                                   : code_of_bind(errno));
  if (::listen(fd.get(), kListenBacklogMax) != 0) return failed(Errc::exhausted);
  return fd;
}

Result<Fd> connect_to(const SocketAddress& address) {
  Fd fd = tcp_socket(address.family());
  if (!fd || (::connect(fd.get(), address.get(), address.length) != 0 && errno != EINPROGRESS))
    return fail(Errc::disconnected,
                fmt::format("dialling {}: {}", address.text(), std::strerror(errno)));
  return fd;
}

ConnectState connect_state(int fd) {
  ConnectState state{0, false};
  socklen_t size = sizeof(state.error);
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &state.error, &size);
  SocketAddress peer;
  peer.length = sizeof(peer.storage);
  state.connected = state.error == 0 && ::getpeername(fd, peer.get(), &peer.length) == 0;
  return state;
}

void prepare_connection(int fd, std::size_t unsent_bytes) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, static_cast<int>(unsent_bytes));
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(kUserTimeout.count()));
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
}

SocketAddress local_address(int fd) {
  SocketAddress address;
  address.length = sizeof(address.storage);
  ::getsockname(fd, address.get(), &address.length);
  return address;
}

}  // namespace dkvm::tcp
