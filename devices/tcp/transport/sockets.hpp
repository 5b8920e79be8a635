#pragma once

#include "devices/tcp/transport/addresses.hpp"

#include <dkvm/fd.hpp>
#include <dkvm/result.hpp>

#include <cstddef>

// Sockets as links have them: non-blocking, TCP, without Nagle's delay.
namespace dkvm::tcp {

// Errors: Errc::exhausted when it is taken, Errc::not_found when it is not this machine's,
//         Errc::denied, Errc::unsupported for IPv6 where there is none
Result<Fd> listen_at(const SocketAddress& address);
// Errors: Errc::disconnected, with the system's words; also later, by connect_error().
Result<Fd> connect_to(const SocketAddress& address);
// After connect_to(): 0 and true when it is connected.
struct ConnectState {
  int error;
  bool connected;
};
ConnectState connect_state(int fd);

// What a connection needs, whoever made it. unsent: TCP_NOTSENT_LOWAT.
void prepare_connection(int fd, std::size_t unsent_bytes);

SocketAddress local_address(int fd);

}  // namespace dkvm::tcp
