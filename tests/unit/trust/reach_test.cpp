#include "trust/reach.hpp"

#include <catch2/catch.hpp>

#include <netdb.h>

namespace {

struct Address {
  explicit Address(const char* text) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST;
    hints.ai_socktype = SOCK_STREAM;
    REQUIRE(::getaddrinfo(text, "24861", &hints, &found) == 0);
  }
  Address(const Address&) = delete;
  Address& operator=(const Address&) = delete;
  ~Address() { ::freeaddrinfo(found); }
  bool is_near() const { return dkvm::trust::is_near(found->ai_addr); }
  std::string text() const { return dkvm::trust::text_of(found->ai_addr, found->ai_addrlen); }
  addrinfo* found = nullptr;
};

}  // namespace

TEST_CASE("near are loopback, link-local and private networks, and nothing else") {
  for (const char* near :
       {"127.0.0.1", "127.255.255.255", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1",
        "169.254.1.1", "::1", "fe80::1", "fd12::1", "fc00::1", "::ffff:192.168.1.7"}) {
    INFO(near);
    CHECK(Address(near).is_near());
  }
  for (const char* far :
       {"0.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0",
        "192.167.255.255", "192.169.0.0", "169.253.1.1", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "::", "2001:db8::1", "ff02::1", "fec0::1", "::ffff:8.8.8.8"}) {
    INFO(far);
    CHECK_FALSE(Address(far).is_near());
  }
}

TEST_CASE("an address is written so that it can be typed again") {
  CHECK(Address("192.168.1.7").text() == "192.168.1.7:24861");
  CHECK(Address("fd12::1").text() == "[fd12::1]:24861");
}
