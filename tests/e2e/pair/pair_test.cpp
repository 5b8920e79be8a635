#include "tests/e2e/pair/machine.hpp"
#include "tests/support/expired_identity.hpp"
#include "tools/dkvmctl/pair/limits.hpp"
#include "trust/tls_context.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <vector>

// `dkvmctl pair`, twice, over loopback.
using namespace dkvm;
using namespace dkvm::test;

namespace {

detail::Fd connect_to(const std::string& address) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  to.sin_port =
      ::htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
  detail::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0);
  return socket;
}

void write_to(const detail::Fd& socket, const std::string& text) {
  REQUIRE(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(text.size()));
}

// Shakes hands as anybody with a certificate can, and says nothing.
struct SilentGuest {
  SilentGuest(const Machine& as, const std::string& address)
      : socket(connect_to(address)),
        context(*trust::TlsContext::make(as.identity(), trust::Role::client,
                                         [](const trust::Fingerprint&) { return true; })),
        ssl(SSL_new(context.get())) {
    SSL_set_fd(ssl.get(), socket.get());
    REQUIRE(SSL_connect(ssl.get()) == 1);
  }

  detail::Fd socket;
  trust::TlsContext context;
  trust::SslPtr ssl;
};

// The code as a person reads it off the screen.
std::string code_on(const Talk& screen) {
  const std::size_t at = screen.out().find("\n    ") + 5;
  return screen.out().substr(screen.out().find_first_of("0123456789", at), 9);
}

}  // namespace

TEST_CASE("two people who see the same code make their machines trust each other") {
  const Machine desk("desk");
  const Machine laptop("laptop");
  Talk here(desk.command({"pair", "--listen", "127.0.0.1:0"}), Ends::terminal);
  REQUIRE(here.says("On the other machine: dkvmctl pair --connect HOST"));
  const std::size_t at = here.out().find("127.0.0.1:");
  const std::string address = here.out().substr(at, here.out().find(' ', at) - at);
  Talk there(laptop.command({"pair", "--connect", address}), Ends::terminal);
  REQUIRE(here.says("Does laptop show the same code? Type yes to trust it, no to refuse: "));
  REQUIRE(there.says("Does desk show the same code?"));
  CHECK(code_on(here) == code_on(there));
  CHECK(desk.peers().empty());

  here.type("y\n");
  here.type("yes\n");
  REQUIRE(here.says("waiting for the answer there"));
  CHECK(desk.peers().empty());  // one side is not enough
  CHECK(laptop.peers().empty());
  there.type("yes\n");
  CHECK(here.exit_code() == 0);
  CHECK(there.exit_code() == 0);
  CHECK(here.out().find("laptop is trusted, and trusts this machine") != std::string::npos);
  CHECK(desk.trusts(laptop, "laptop"));
  CHECK(laptop.trusts(desk, "desk"));
}

TEST_CASE("two scripts pair, each with the code that the other one shows") {
  const Machine desk("desk");
  const Machine laptop("laptop");
  Talk here(desk.listening({"--yes-if", "-", "--as", "couch"}));
  Talk there(laptop.connecting(address_of(here)));
  const std::string code_here = code_of(here);
  const std::string code_there = code_of(there);
  CHECK(code_here == code_there);
  here.type(code_there + "\n");
  there.type(code_here + "\n");
  CHECK(here.line()["paired"] == "couch");
  CHECK(there.line()["paired"] == "desk");
  CHECK(here.exit_code() == 0);
  CHECK(there.exit_code() == 0);
  CHECK(desk.trusts(laptop, "couch"));
  CHECK(laptop.trusts(desk, "desk"));
}

TEST_CASE("with another code than the one shown nobody is trusted, on either side") {
  const Machine desk("desk");
  const Machine laptop("laptop");
  Talk here(desk.listening());
  Talk there(laptop.connecting(address_of(here)));
  std::string wrong = code_of(here);
  REQUIRE(code_of(there) == wrong);
  wrong[0] = wrong[0] == '9' ? '0' : '9';
  here.type(wrong + "\n");
  CHECK(there.exit_code() == 1);
  CHECK(there.err().find("the other side refuses: the code was not accepted there") !=
        std::string::npos);
  CHECK(here.complains("the code was not accepted here. Still listening, for two attempts more"));
  CHECK(desk.peers().empty());
  CHECK(laptop.peers().empty());
}

TEST_CASE("a person who refuses is obeyed, whatever the other one has said") {
  const Machine desk("desk");
  const Machine laptop("laptop");
  Talk here(desk.listening());
  const std::string address = address_of(here);
  Talk there(laptop.command({"pair", "--connect", address}), Ends::terminal);
  here.type(code_of(here) + "\n");
  REQUIRE(there.says("Type yes to trust it, no to refuse: "));
  there.type("maybe\n");
  REQUIRE(there.says("no to refuse: maybe\r\nDoes desk show the same code?"));
  there.type("no\n");
  CHECK(there.exit_code() == 1);
  CHECK(here.complains("the code was not accepted there"));
  CHECK(desk.peers().empty());
  CHECK(laptop.peers().empty());
}

TEST_CASE("a side that dies before both have accepted leaves nobody trusted") {
  const Machine desk("desk");
  const Machine laptop("laptop");
  Talk here(desk.listening());
  Talk there(laptop.connecting(address_of(here)));
  here.type(code_of(here) + "\n");
  (void)code_of(there);
  there.kill();
  CHECK(here.complains("the other side has hung up"));
  CHECK(desk.peers().empty());
  CHECK(laptop.peers().empty());
}

TEST_CASE("three failed attempts end the listening") {
  const Machine desk("desk");
  const Machine laptop("laptop");
  Talk here(desk.listening({"--yes-if", "-"}));
  const std::string address = address_of(here);
  for (int attempt = 1; attempt <= 3; ++attempt) {
    Talk there(laptop.connecting(address));
    (void)code_of(here);
    here.type("00000000 is wrong\n");
    CHECK(there.exit_code() == 1);
  }
  CHECK(here.exit_code() == 1);
  Talk late(laptop.connecting(address));
  CHECK(late.exit_code() == 1);
  CHECK(late.err().find("nobody listens there") != std::string::npos);
  CHECK(desk.peers().empty());
}

TEST_CASE("strangers who speak no TLS take no attempt away, and a real peer gets in after them") {
  const Machine desk("desk");
  const Machine laptop("laptop");
  Talk here(desk.listening());
  const std::string address = address_of(here);
  for (const std::string& text : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(3000, '\0'),
                                  std::string("\x16\x03\x01\x00\x05hello"), std::string()}) {
    const detail::Fd stranger = connect_to(address);
    write_to(stranger, text);
    ::shutdown(stranger.get(), SHUT_WR);
    char byte = 0;
    while (::recv(stranger.get(), &byte, 1, 0) > 0) {
    }
  }
  CHECK(here.complains("TLS handshake"));
  Talk there(laptop.connecting(address));
  there.type(code_of(here) + "\n");
  here.type(code_of(there) + "\n");
  CHECK(here.exit_code() == 0);
  CHECK(there.exit_code() == 0);
  CHECK(desk.trusts(laptop, "laptop"));
}

TEST_CASE("strangers who connect and say nothing keep a real peer waiting for none of them") {
  const Machine desk("desk");
  const Machine laptop("laptop");
  const Machine stranger("stranger");
  Talk here(desk.listening());
  const std::string address = address_of(here);
  std::vector<detail::Fd> silent;
  for (std::size_t i = 0; i < ctl::kPairWaitingMax + 8; ++i) silent.push_back(connect_to(address));
  std::vector<SilentGuest> guests;
  for (int i = 0; i < 4; ++i) guests.emplace_back(stranger, address);
  REQUIRE(here.complains("it said nothing, and others came"));
  const auto begin = std::chrono::steady_clock::now();
  Talk there(laptop.connecting(address));
  there.type(code_of(here) + "\n");
  here.type(code_of(there) + "\n");
  CHECK(here.exit_code() == 0);
  CHECK(there.exit_code() == 0);
  CHECK(std::chrono::steady_clock::now() - begin < ctl::kPairStepTimeMax);
  CHECK(desk.trusts(laptop, "laptop"));
  CHECK(here.err().find("Still listening") == std::string::npos);  // no attempt was taken away
}

TEST_CASE("a name that is another machine's is not taken over; --as gives another") {
  const Machine desk("desk");
  const Machine laptop("laptop");
  const Machine impostor("laptop");
  auto store = trust::Store::load(desk.folder());
  REQUIRE(store->add({"laptop", laptop.identity().fingerprint()}));
  Talk here(desk.listening());
  const std::string address = address_of(here);
  Talk there(impostor.connecting(address));
  CHECK(there.exit_code() == 1);
  CHECK(there.err().find("it trusts another machine by this one's name") != std::string::npos);
  CHECK(here.complains("'laptop' is trusted already"));
  CHECK(here.complains("--as"));
  CHECK(desk.trusts(laptop, "laptop"));
  CHECK(impostor.peers().empty());
}

TEST_CASE("a machine does not pair with itself, or with a copy of its key") {
  const Machine desk("desk");
  Talk here(desk.listening());
  Talk there(desk.connecting(address_of(here)));
  CHECK(there.exit_code() == 1);
  CHECK(there.err().find("has the identity of this machine") != std::string::npos);
  CHECK(desk.peers().empty());
}

TEST_CASE("a certificate that has ended is warned of, and pairs") {
  const Machine desk("desk");
  const Machine laptop("laptop");
  let_expire(desk.folder());
  Talk here(desk.listening());
  Talk there(laptop.connecting(address_of(here)));
  there.type(code_of(here) + "\n");
  here.type(code_of(there) + "\n");
  CHECK(here.exit_code() == 0);
  CHECK(there.exit_code() == 0);
  CHECK(here.err().find("the certificate ended on") != std::string::npos);
  CHECK(there.err().empty());
  CHECK(laptop.trusts(desk, "desk"));
}

TEST_CASE("nobody is asked where nobody can answer, and nobody listens for ever") {
  const Machine desk("desk");
  Talk without(desk.command({"pair", "--listen", "127.0.0.1:0"}));
  CHECK(without.exit_code() == 1);
  CHECK(without.err().find("stdin is no terminal") != std::string::npos);
  CHECK(without.err().find("--yes-if") != std::string::npos);
  Talk lonely(desk.listening({"--yes-if", "-", "--for", "200ms"}));
  CHECK(lonely.exit_code() == 1);
  CHECK(lonely.err().find("nobody has paired in time") != std::string::npos);
}

TEST_CASE("without an identity, or with a wrong command line, pair says what to do") {
  const TempDir empty;
  const auto complaint = [&](std::vector<std::string> words, int code) {
    words.insert(words.begin(), "pair");
    words.insert(words.end(), {"--folder", empty.file("none")});
    Talk talk(words);
    CHECK(talk.exit_code() == code);
    return talk.err();
  };
  using Catch::Matchers::Contains;
  CHECK_THAT(complaint({"--listen", "--yes-if", "-"}, 1), Contains("`dkvmctl identity make`"));
  CHECK_THAT(complaint({}, 2), Contains("[--listen,--connect] is required"));
  CHECK_THAT(complaint({"--connect", "a:b"}, 2), Contains("expected HOST, HOST:PORT"));
  CHECK_THAT(complaint({"--connect", "a", "--for", "2h"}, 2), Contains("at most 1h"));
  CHECK_THAT(complaint({"--connect", "a", "--as", "A"}, 2), Contains("is no name of a peer"));
  CHECK_THAT(complaint({"--connect", "a", "--yes-if", "123"}, 2), Contains("8 digits"));
}
