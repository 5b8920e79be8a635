#pragma once

#include "devices/tcp/limits.hpp"

#include <dkvm/result.hpp>

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Where links listen and dial.
// Source: docs/links.md, "Addresses".
namespace dkvm::tcp {

// How far away a peer may be.
enum class Reach : std::uint8_t {
  loopback,  // this machine alone
  lan,       // loopback, link-local and private addresses
  anywhere,
};

// A host, by name or number, and a port.
struct Endpoint {
  std::string host;  // without brackets
  std::uint16_t port = 0;

  std::string text() const;  // `desk.local:24860`, `[fe80::1%eth0]:24860`
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// `host`, `host:port`, `1.2.3.4:port`, `[v6]`, `[v6]:port`, `v6`.
// Errors: Errc::invalid, with what was expected.
Result<Endpoint> parse_endpoint(std::string_view text,
                                std::uint16_t port_default = kLinkPortDefault);

// Several of them, separated by commas.
// Errors: Errc::invalid also for none and for more than kAddressesMax.
Result<std::vector<Endpoint>> parse_endpoints(std::string_view text,
                                              std::uint16_t port_default = kLinkPortDefault);

// A socket address of IPv4 or IPv6 with its length.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  // From numbers alone, never by asking a name service.
  // Errors: Errc::not_found for a name.
  static Result<SocketAddress> from_number(const Endpoint& endpoint);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  std::uint16_t port() const;
  std::string text() const;  // as Endpoint::text()
  // Whom one machine can pass for: a whole /64 of IPv6, but for link-local addresses.
  std::string neighbourhood() const;
  std::string host() const;  // without the port, `::ffff:1.2.3.4` as `1.2.3.4`
};

// RFC 1918, 169.254/16, 127/8, fe80::/10, fc00::/7, ::1, and IPv4 addresses of
// these kinds in IPv6's clothes (::ffff:0:0/96).
bool is_lan(const SocketAddress& address);

// 127/8, ::1, and the former in IPv6's clothes.
bool is_loopback(const SocketAddress& address);

inline bool within(Reach reach, const SocketAddress& address) {
  if (reach == Reach::loopback) return is_loopback(address);
  return reach == Reach::anywhere || is_lan(address);
}

}  // namespace dkvm::tcp
