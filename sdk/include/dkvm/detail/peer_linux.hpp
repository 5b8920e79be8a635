#pragma once

#include <dkvm/result.hpp>

#include <sys/socket.h>
#include <sys/types.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace dkvm::detail {

// Whose process made the other end of a unix socket.
inline Result<uid_t> peer_uid(int fd) {
  ucred peer{};
  socklen_t bytes = sizeof(peer);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) != 0)
    return fail(Errc::denied, std::string("asking who the peer is: ") + std::strerror(errno));
  return peer.uid;
}

// A user trusts their own processes and the superuser's.
constexpr bool trusted_peer(uid_t peer, uid_t self) { return peer == self || peer == 0; }

}  // namespace dkvm::detail
