#include "devices/tcp/transport/addresses.hpp"
#include "devices/tcp/limits.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace dkvm;
using namespace dkvm::tcp;

namespace {

SocketAddress numbered(const std::string& host) {
  auto address = SocketAddress::from_number({host, 1});
  INFO(host);
  REQUIRE(address);
  return *address;
}

}  // namespace

TEST_CASE("an address is a host and a port, and the port has a default") {
  const auto [text, host, port] = GENERATE(table<std::string, std::string, int>({
      {"desk.local:24861", "desk.local", 24861},
      {"desk", "desk", kLinkPortDefault},
      {"192.168.1.5:0", "192.168.1.5", 0},
      {"10.0.0.1", "10.0.0.1", kLinkPortDefault},
      {"[::1]:65535", "::1", 65535},
      {"[fe80::1%eth0]", "fe80::1%eth0", kLinkPortDefault},
      {"fd00::5", "fd00::5", kLinkPortDefault},
      {"::", "::", kLinkPortDefault},
  }));
  INFO(text);
  const auto endpoint = parse_endpoint(text);
  REQUIRE(endpoint);
  CHECK(endpoint->host == host);
  CHECK(endpoint->port == port);
  CHECK(parse_endpoint(endpoint->text()) == *endpoint);
}

TEST_CASE("what is no address is refused with what was expected") {
  const std::string text = GENERATE("", ":1", "desk:", "desk:65536", "desk:-1", "desk:1:2", "[::1",
                                    "[::1]1", "[desk]:1", "de sk:1", "desk:1x", "http://desk:1");
  INFO(text);
  const auto endpoint = parse_endpoint(text);
  REQUIRE_FALSE(endpoint);
  CHECK(endpoint.error().code() == Errc::invalid);
  CHECK(endpoint.error().message().find("expected host:port") != std::string::npos);
}

TEST_CASE("several addresses stand between commas, up to a limit") {
  const auto two = parse_endpoints("0.0.0.0:1, [::]:2");
  REQUIRE(two);
  CHECK(*two == std::vector<Endpoint>{{"0.0.0.0", 1}, {"::", 2}});
  CHECK_FALSE(parse_endpoints("a,,b"));
  std::string many = "a";
  for (std::size_t i = 1; i < kAddressesMax; ++i) many += ",a";
  CHECK(parse_endpoints(many));
  CHECK_FALSE(parse_endpoints(many + ",a"));
}

TEST_CASE("private, link-local and loopback addresses are the LAN") {
  const std::string host =
      GENERATE("127.0.0.1", "127.255.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255",
               "192.168.0.1", "169.254.7.7", "::1", "fe80::1", "febf::1", "fc00::1", "fdff::1",
               "::ffff:10.0.0.1", "::ffff:127.0.0.1");
  INFO(host);
  CHECK(is_lan(numbered(host)));
  CHECK(within(Reach::lan, numbered(host)));
}

TEST_CASE("everything else is not, and only reach: anywhere lets it in") {
  const std::string host = GENERATE("8.8.8.8", "172.15.0.1", "172.32.0.1", "192.169.0.1",
                                    "11.0.0.1", "169.253.0.1", "0.0.0.0", "::", "2001:db8::1",
                                    "fec0::1", "fe00::1", "::ffff:8.8.8.8", "::2", "::10.0.0.1");
  INFO(host);
  CHECK_FALSE(is_lan(numbered(host)));
  CHECK_FALSE(within(Reach::lan, numbered(host)));
  CHECK(within(Reach::anywhere, numbered(host)));
}

TEST_CASE("an address prints as it is read, IPv4 in IPv6's clothes as IPv4") {
  CHECK(numbered("10.0.0.1").text() == "10.0.0.1:1");
  CHECK(numbered("fd00::5").text() == "[fd00::5]:1");
  CHECK(numbered("::ffff:10.0.0.1").host() == "10.0.0.1");
  CHECK_FALSE(SocketAddress::from_number({"desk.local", 1}));
}

TEST_CASE("a machine with a whole network of IPv6 addresses counts as one") {
  CHECK(numbered("2001:db8::1").neighbourhood() == numbered("2001:db8::ffff:1").neighbourhood());
  CHECK(numbered("2001:db8::1").neighbourhood() != numbered("2001:db8:0:1::1").neighbourhood());
  CHECK(numbered("fe80::1").neighbourhood() != numbered("fe80::2").neighbourhood());
  CHECK(numbered("10.0.0.1").neighbourhood() != numbered("10.0.0.2").neighbourhood());
}
