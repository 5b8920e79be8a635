#include "devices/tcp/transport/addresses.hpp"

#include "trust/reach.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace dkvm::tcp {
namespace {

constexpr std::uint8_t kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

tl::unexpected<Error> wrong(std::string_view text, std::string_view why) {
  return fail(Errc::invalid,
              fmt::format("'{}' is no address: {}; expected host:port, as in desk.local:24860, "
                          "192.168.1.5:24860 or [fe80::1%eth0]:24860",
                          text, why));
}

Result<std::uint16_t> parse_port(std::string_view text, std::string_view whole) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number > 65535)
    return wrong(whole, fmt::format("its port '{}' is no number from 0 to 65535", text));
  return static_cast<std::uint16_t>(number);
}

bool is_host_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

bool is_v6(std::string_view host) {
  in6_addr number{};
  const std::string bare(host.substr(0, host.find('%')));
  return ::inet_pton(AF_INET6, bare.c_str(), &number) == 1;
}

Result<Endpoint> bracketed(std::string_view text, std::uint16_t port_default) {
  const std::size_t end = text.find(']');
  if (end == std::string_view::npos) return wrong(text, "its ']' is missing");
  Endpoint endpoint{std::string(text.substr(1, end - 1)), port_default};
  if (!is_v6(endpoint.host)) return wrong(text, "what is in brackets is no IPv6 address");
  const std::string_view rest = text.substr(end + 1);
  if (rest.empty()) return endpoint;
  if (rest.front() != ':') return wrong(text, "after ']' comes ':' and a port");
  DKVM_TRY(endpoint.port, parse_port(rest.substr(1), text));
  return endpoint;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

const sockaddr_in& v4(const SocketAddress& address) {
  return reinterpret_cast<const sockaddr_in&>(address.storage);
}

const sockaddr_in6& v6(const SocketAddress& address) {
  return reinterpret_cast<const sockaddr_in6&>(address.storage);
}

}  // namespace

std::string Endpoint::text() const {
  const bool brackets = host.find(':') != std::string::npos;
  return brackets ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t port_default) {
  if (text.empty()) return wrong(text, "it is empty");
  if (text.front() == '[') return bracketed(text, port_default);
  if (is_v6(text)) return Endpoint{std::string(text), port_default};
  const std::size_t colon = text.find(':');
  Endpoint endpoint{std::string(text.substr(0, colon)), port_default};
  if (endpoint.host.empty()) return wrong(text, "its host is missing");
  if (endpoint.host.size() > kHostBytesMax) return wrong(text, "its host is longer than a name is");
  if (!std::all_of(endpoint.host.begin(), endpoint.host.end(), is_host_letter))
    return wrong(text, "its host has letters that no host's name has");
  if (colon == std::string_view::npos) return endpoint;
  if (text.find(':', colon + 1) != std::string_view::npos)
    return wrong(text, "an IPv6 address with a port stands in brackets");
  DKVM_TRY(endpoint.port, parse_port(text.substr(colon + 1), text));
  return endpoint;
}

Result<std::vector<Endpoint>> parse_endpoints(std::string_view text, std::uint16_t port_default) {
  std::vector<Endpoint> endpoints;
  for (;;) {
    const std::size_t comma = text.find(',');
    DKVM_TRY(Endpoint endpoint, parse_endpoint(trimmed(text.substr(0, comma)), port_default));
    if (endpoints.size() == kAddressesMax)
      return fail(Errc::invalid, fmt::format("there are more than {} addresses, which is the most",
                                             kAddressesMax));
    endpoints.push_back(std::move(endpoint));
    if (comma == std::string_view::npos) return endpoints;
    text.remove_prefix(comma + 1);
  }
}

Result<SocketAddress> SocketAddress::from_number(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(endpoint.port);
  if (::getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &found) != 0 || found == nullptr)
    return fail(Errc::not_found, fmt::format("'{}' is no IPv4 or IPv6 address", endpoint.host));
  SocketAddress address;
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.length = found->ai_addrlen;
  ::freeaddrinfo(found);
  return address;
}

std::uint16_t SocketAddress::port() const {
  return ntohs(family() == AF_INET6 ? v6(*this).sin6_port : v4(*this).sin_port);
}

std::string SocketAddress::host() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (family() == AF_INET) {
    ::inet_ntop(AF_INET, &v4(*this).sin_addr, text, sizeof(text));
    return text;
  }
  if (family() != AF_INET6) return "unknown";
  const std::uint8_t* bytes = v6(*this).sin6_addr.s6_addr;
  if (std::equal(kMappedPrefix, kMappedPrefix + 12, bytes)) {
    ::inet_ntop(AF_INET, bytes + 12, text, sizeof(text));
    return text;
  }
  ::inet_ntop(AF_INET6, bytes, text, sizeof(text));
  if (v6(*this).sin6_scope_id == 0) return text;
  char name[IF_NAMESIZE] = {};
  const std::uint32_t scope = v6(*this).sin6_scope_id;
  const char* known = ::if_indextoname(scope, name);
  return known != nullptr ? fmt::format("{}%{}", text, name) : fmt::format("{}%{}", text, scope);
}

std::string SocketAddress::neighbourhood() const {
  if (family() != AF_INET6) return host();
  const in6_addr& address = v6(*this).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address) || IN6_IS_ADDR_LINKLOCAL(&address) ||
      IN6_IS_ADDR_LOOPBACK(&address))
    return host();
  SocketAddress network = *this;
  auto& bytes = reinterpret_cast<sockaddr_in6&>(network.storage).sin6_addr.s6_addr;
  std::fill(bytes + 8, bytes + 16, std::uint8_t{0});
  return network.host();
}

std::string SocketAddress::text() const { return Endpoint{host(), port()}.text(); }

bool is_lan(const SocketAddress& address) { return trust::is_near(address.get()); }

bool is_loopback(const SocketAddress& address) {
  constexpr std::uint32_t kNetwork = 127;
  const auto is_of_network = [](std::uint32_t number) { return ntohl(number) >> 24 == kNetwork; };
  if (address.family() == AF_INET) return is_of_network(v4(address).sin_addr.s_addr);
  if (address.family() != AF_INET6) return false;
  const in6_addr& number = v6(address).sin6_addr;
  std::uint32_t inside = 0;
  std::memcpy(&inside, &number.s6_addr[12], sizeof(inside));
  return IN6_IS_ADDR_LOOPBACK(&number) || (IN6_IS_ADDR_V4MAPPED(&number) && is_of_network(inside));
}

}  // namespace dkvm::tcp
