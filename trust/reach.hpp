#pragma once

#include <sys/socket.h>

#include <string>

namespace dkvm::trust {

// Whether an address is of this machine or of a network near it: loopback,
// link-local, or private (10/8, 172.16/12, 192.168/16, fc00::/7). IPv4 inside
// IPv6 counts as what it is.
bool is_near(const sockaddr* address);

// `192.168.1.7:24861`, `[fe80::1%eth0]:24861`.
std::string text_of(const sockaddr* address, socklen_t bytes);

}  // namespace dkvm::trust
