#include "tools/dkvmctl/pair/address.hpp"

#include <catch2/catch.hpp>

using dkvm::ctl::parse_host_port;

TEST_CASE("an address is a host with or without a port") {
  const auto parsed = [](const char* text) {
    const auto where = parse_host_port(text, 24861);
    REQUIRE(where);
    return where->host + " " + std::to_string(where->port);
  };
  CHECK(parsed("desk.local") == "desk.local 24861");
  CHECK(parsed("desk:1") == "desk 1");
  CHECK(parsed("192.168.1.7:0") == "192.168.1.7 0");
  CHECK(parsed("fd12::1") == "fd12::1 24861");
  CHECK(parsed("[fd12::1]") == "fd12::1 24861");
  CHECK(parsed("[fe80::1%eth0]:65535") == "fe80::1%eth0 65535");
}

TEST_CASE("what is no address is refused") {
  for (const char* text : {"", ":1", "a:", "a:b", "a:65536", "a:-1", "a:1 ", "[", "[]", "[]:1",
                           "[::1", "[::1]x", "[::1]:"}) {
    INFO(text);
    const auto where = parse_host_port(text, 24861);
    REQUIRE_FALSE(where);
    CHECK(where.error().message().find("expected HOST, HOST:PORT or [IPV6]:PORT") !=
          std::string::npos);
  }
}
