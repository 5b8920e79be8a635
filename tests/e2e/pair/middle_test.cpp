#include "tests/e2e/pair/machine.hpp"
#include "tools/dkvmctl/pair/stream.hpp"
#include "trust/pairing/pairing.hpp"

#include <poll.h>

// Somebody between two machines that pair, who ends TLS on both sides with a
// key of their own.
using namespace dkvm;
using namespace dkvm::test;
using ctl::PairStream;
using trust::PairingMessage;

namespace {

ctl::PairClock::time_point soon() { return ctl::PairClock::now() + std::chrono::seconds(20); }

struct Middle {
  explicit Middle(const std::string& desk_address) {
    auto open = ctl::PairListener::open(ctl::HostPort{"127.0.0.1", 0}, ctl::Reach::lan);
    REQUIRE(open);
    listener = std::move(*open);
    auto dialled = ctl::connect_to(*ctl::parse_host_port(desk_address, 0), ctl::Reach::lan);
    REQUIRE(dialled);
    auto stream = PairStream::start(std::move(*dialled), self.identity(), trust::Role::client);
    REQUIRE(stream);
    to_desk.emplace(std::move(*stream));
  }

  std::string address() const { return listener.addresses().front(); }

  void take_laptop() {
    auto comer = listener.accept(soon(), [](const std::string&) {});
    REQUIRE((comer && *comer));
    auto stream = PairStream::start(std::move(**comer), self.identity(), trust::Role::server);
    REQUIRE(stream);
    to_laptop.emplace(std::move(*stream));
  }

  Machine self{"middle"};
  ctl::PairListener listener;
  std::optional<PairStream> to_desk;
  std::optional<PairStream> to_laptop;
};

trust::Pairing side(trust::PairingRole role, const Middle& middle, const PairStream& stream,
                    const std::string& name) {
  return *trust::Pairing::start(
      {role, middle.self.identity().fingerprint(), stream.peer(), name, *trust::random_nonce()});
}

// Pairs as far as the code.
std::string code_with(trust::Pairing pairing, PairStream& stream) {
  REQUIRE(stream.send(pairing.hello()));
  while (pairing.code().empty()) {
    const auto message = stream.receive(soon());
    REQUIRE(message);
    const auto answer = pairing.take(*message);
    REQUIRE(answer);
    if (*answer) REQUIRE(stream.send(**answer));
  }
  return pairing.code();
}

void pass_on(PairStream& from, PairStream& to) {
  const auto message = from.receive(soon());
  REQUIRE(message);
  REQUIRE(to.send(*message));
}

}  // namespace

TEST_CASE("who sits between and pairs with both sides makes them show two codes") {
  const Machine desk("desk");
  const Machine laptop("laptop");
  Talk here(desk.listening());
  Middle middle(address_of(here));
  Talk there(laptop.connecting(middle.address()));
  middle.take_laptop();
  using trust::PairingRole;
  const std::string at_desk =
      code_with(side(PairingRole::connector, middle, *middle.to_desk, "laptop"), *middle.to_desk);
  const std::string at_laptop =
      code_with(side(PairingRole::listener, middle, *middle.to_laptop, "desk"), *middle.to_laptop);
  CHECK(code_of(here) == at_desk);
  CHECK(code_of(there) == at_laptop);
  CHECK(at_desk != at_laptop);
  REQUIRE(middle.to_desk->send({PairingMessage::Kind::accept, {}}));
  REQUIRE(middle.to_laptop->send({PairingMessage::Kind::accept, {}}));

  here.type(at_laptop + "\n");
  there.type(at_desk + "\n");
  CHECK(here.complains("the code was not accepted here"));
  CHECK(there.exit_code() == 1);
  CHECK(desk.peers().empty());
  CHECK(laptop.peers().empty());
}

TEST_CASE("who sits between and passes on what is said is found out before a code is shown") {
  const Machine desk("desk");
  const Machine laptop("laptop");
  Talk here(desk.listening());
  Middle middle(address_of(here));
  Talk there(laptop.connecting(middle.address()));
  middle.take_laptop();
  pass_on(*middle.to_laptop, *middle.to_desk);  // hello: whoever connects speaks first
  pass_on(*middle.to_desk, *middle.to_laptop);  // hello
  pass_on(*middle.to_desk, *middle.to_laptop);  // commit
  pass_on(*middle.to_laptop, *middle.to_desk);  // nonce
  pass_on(*middle.to_desk, *middle.to_laptop);  // reveal
  CHECK(there.exit_code() == 1);
  CHECK(there.err().find("Somebody may sit between the two machines") != std::string::npos);
  CHECK(there.out().find("code") == std::string::npos);
  CHECK(laptop.peers().empty());
  CHECK(desk.peers().empty());
}
