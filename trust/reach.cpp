#include "trust/reach.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <cstdint>
#include <cstring>

namespace dkvm::trust {
namespace {

bool in_network(std::uint32_t address, std::uint32_t network, int bits) {
  return (address ^ network) >> (32 - bits) == 0;
}

bool is_near(std::uint32_t address) {
  return in_network(address, 0x7F00'0000, 8) || in_network(address, 0xA9FE'0000, 16) ||
         in_network(address, 0x0A00'0000, 8) || in_network(address, 0xAC10'0000, 12) ||
         in_network(address, 0xC0A8'0000, 16);
}

bool is_near(const in6_addr& address) {
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    std::uint32_t inside = 0;
    std::memcpy(&inside, &address.s6_addr[12], sizeof(inside));
    return is_near(ntohl(inside));
  }
  return IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_LINKLOCAL(&address) ||
         (address.s6_addr[0] & 0xFE) == 0xFC;
}

}  // namespace

bool is_near(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in of_v4{};
    std::memcpy(&of_v4, address, sizeof(of_v4));
    return is_near(ntohl(of_v4.sin_addr.s_addr));
  }
  if (address->sa_family != AF_INET6) return false;
  sockaddr_in6 of_v6{};
  std::memcpy(&of_v6, address, sizeof(of_v6));
  return is_near(of_v6.sin6_addr);
}

std::string text_of(const sockaddr* address, socklen_t bytes) {
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (::getnameinfo(address, bytes, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return "an unknown address";
  const std::string shown = host;
  return (shown.find(':') == std::string::npos ? shown : "[" + shown + "]") + ":" + port;
}

}  // namespace dkvm::trust
