#include "trust/pairing/pairing.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

using namespace dkvm;
using namespace dkvm::trust;

namespace {

using Kind = PairingMessage::Kind;

Fingerprint print_of(std::uint8_t number) {
  Fingerprint print;
  print.sha256.fill(number);
  return print;
}

Nonce nonce_of(std::uint8_t number) {
  Nonce nonce{};
  nonce.fill(number);
  return nonce;
}

const Fingerprint kDesk = print_of(1);
const Fingerprint kLaptop = print_of(2);
const Fingerprint kStranger = print_of(3);

Pairing listener(Fingerprint other = kLaptop, Nonce nonce = nonce_of(10)) {
  return *Pairing::start({PairingRole::listener, kDesk, other, "desk", nonce});
}

Pairing connector(Fingerprint other = kDesk, Nonce nonce = nonce_of(20)) {
  return *Pairing::start({PairingRole::connector, kLaptop, other, "laptop", nonce});
}

// What the message is answered with; it has to be answered.
PairingMessage answer(Pairing& side, const PairingMessage& message) {
  auto taken = side.take(message);
  REQUIRE(taken);
  REQUIRE(taken->has_value());
  return **taken;
}

void take(Pairing& side, const PairingMessage& message) {
  const auto taken = side.take(message);
  REQUIRE(taken);
  REQUIRE_FALSE(taken->has_value());
}

Error error_of(Pairing& side, const PairingMessage& message) {
  const auto taken = side.take(message);
  REQUIRE_FALSE(taken);
  return taken.error();
}

// Both get as far as the code.
void meet(Pairing& listens, Pairing& connects) {
  const auto commit = answer(listens, connects.hello());
  take(connects, listens.hello());
  const auto reveal = answer(listens, answer(connects, commit));
  take(connects, reveal);
}

}  // namespace

TEST_CASE("two that pair see the same code, and keep the pin only when both have accepted") {
  Pairing desk = listener();
  Pairing laptop = connector();
  meet(desk, laptop);
  CHECK(desk.code() == laptop.code());
  CHECK(desk.code().size() == 9);
  CHECK(desk.code()[4] == ' ');
  CHECK(desk.other_name() == "laptop");
  CHECK(laptop.other_name() == "desk");

  take(laptop, desk.accept());
  CHECK_FALSE(desk.agreed());
  CHECK_FALSE(laptop.agreed());
  CHECK(laptop.other_accepted());
  take(desk, laptop.accept());
  CHECK(desk.agreed());
  CHECK(laptop.agreed());
  CHECK_FALSE(laptop.other_stored());
  take(laptop, desk.stored());
  take(desk, laptop.stored());
  CHECK(laptop.other_stored());
  CHECK(desk.other_stored());
}

TEST_CASE("each pairing has a code of its own, whichever nonce or certificate is another") {
  std::set<std::string> codes;
  for (std::uint8_t i = 0; i < 200; ++i) {
    Pairing desk = listener(kLaptop, *random_nonce());
    Pairing laptop = connector(kDesk, *random_nonce());
    meet(desk, laptop);
    codes.insert(desk.code());
  }
  CHECK(codes.size() >= 199);  // two alike of 200 in 10^8: 1 in 5,000
  Pairing desk = listener(kLaptop, nonce_of(10));
  Pairing laptop = connector(kDesk, nonce_of(20));
  meet(desk, laptop);
  CHECK(desk.code() == "7237 2981");  // the same on every machine and in every version
}

TEST_CASE("a man in the middle, with a certificate of its own to each side, shows two codes") {
  Pairing desk = listener(kStranger);
  Pairing laptop = connector(kStranger);
  Pairing to_desk =
      *Pairing::start({PairingRole::connector, kStranger, kDesk, "laptop", nonce_of(30)});
  Pairing to_laptop =
      *Pairing::start({PairingRole::listener, kStranger, kLaptop, "desk", nonce_of(40)});
  meet(desk, to_desk);
  meet(to_laptop, laptop);
  CHECK(desk.code() != laptop.code());
}

TEST_CASE("a man in the middle who passes on what he hears is found out") {
  Pairing desk = listener(kStranger);
  Pairing laptop = connector(kStranger);
  const auto commit = answer(desk, laptop.hello());
  take(laptop, desk.hello());
  const auto reveal = answer(desk, answer(laptop, commit));
  const Error error = error_of(laptop, reveal);  // bound to other certificates
  CHECK(error.code() == Errc::corrupt);
  CHECK(error.message().find("Somebody may sit between") != std::string::npos);
  CHECK(laptop.code().empty());
}

TEST_CASE("a listener cannot choose its nonce when it has seen the connector's") {
  Pairing laptop = connector();
  Pairing honest = listener(kLaptop, nonce_of(10));
  Pairing other = listener(kLaptop, nonce_of(11));
  const auto commit = answer(honest, laptop.hello());
  (void)answer(other, laptop.hello());
  take(laptop, honest.hello());
  const auto nonce = answer(laptop, commit);
  CHECK(error_of(laptop, answer(other, nonce)).code() == Errc::corrupt);
}

TEST_CASE("what was said in an earlier pairing is of no use in a later one") {
  Pairing desk = listener(kLaptop, nonce_of(10));
  Pairing laptop = connector(kDesk, nonce_of(20));
  const auto old_commit = answer(desk, laptop.hello());
  take(laptop, desk.hello());
  const auto old_reveal = answer(desk, answer(laptop, old_commit));
  take(laptop, old_reveal);
  SECTION("to the connector: it has another nonce now, and so another code") {
    Pairing again = connector(kDesk, nonce_of(21));
    take(again, desk.hello());
    (void)answer(again, old_commit);
    take(again, old_reveal);
    CHECK(again.code() != laptop.code());
  }
  SECTION("to the listener: it has another nonce now, and so another code") {
    Pairing again = listener(kLaptop, nonce_of(11));
    (void)answer(again, laptop.hello());
    (void)answer(again, {Kind::nonce, std::vector<std::uint8_t>(32, 20)});
    CHECK(again.code() != desk.code());
  }
}

TEST_CASE("whoever mirrors a side gets nowhere") {
  SECTION("with its own certificate") {
    const auto mirrored =
        Pairing::start({PairingRole::listener, kDesk, kDesk, "desk", nonce_of(1)});
    REQUIRE_FALSE(mirrored);
    CHECK(mirrored.error().code() == Errc::invalid);
  }
  SECTION("the listener with its own commitment") {
    Pairing desk = listener();
    const auto commit = answer(desk, desk.hello());
    CHECK(error_of(desk, commit).code() == Errc::corrupt);
  }
  SECTION("the connector with its own nonce") {
    Pairing laptop = connector();
    take(laptop, listener().hello());
    const auto nonce = answer(laptop, {Kind::commit, std::vector<std::uint8_t>(32, 5)});
    CHECK(error_of(laptop, {Kind::reveal, nonce.body}).message().find("nonce of this side") !=
          std::string::npos);
  }
  SECTION("the listener with the connector's part") {
    Pairing desk = listener();
    (void)answer(desk, connector().hello());
    CHECK(error_of(desk, {Kind::nonce, std::vector<std::uint8_t>(32, 10)}).code() == Errc::corrupt);
  }
}

TEST_CASE("messages out of turn, of a wrong size or of no kind end the pairing") {
  const auto digest = std::vector<std::uint8_t>(32, 7);
  const PairingMessage all[] = {{Kind::hello, {1, 'x'}}, {Kind::commit, digest},
                                {Kind::nonce, digest},   {Kind::reveal, digest},
                                {Kind::accept, {}},      {Kind::stored, {}},
                                {Kind(0), {}},           {Kind(99), digest}};
  const auto only = [&](auto make, Kind allowed) {
    for (const PairingMessage& message : all) {
      Pairing side = make();
      const auto taken = side.take(message);
      INFO(name(message.kind));
      CHECK(taken.has_value() == (message.kind == allowed));
      if (!taken) CHECK(taken.error().code() == Errc::corrupt);
      CHECK_FALSE(side.agreed());
    }
  };
  only([] { return listener(); }, Kind::hello);
  only([] { return connector(); }, Kind::hello);
  const auto listener_met = [] {
    Pairing desk = listener();
    (void)answer(desk, connector().hello());
    return desk;
  };
  only(listener_met, Kind::nonce);
  const auto connector_met = [] {
    Pairing laptop = connector();
    take(laptop, listener().hello());
    return laptop;
  };
  only(connector_met, Kind::commit);
  const auto with_code = [] {
    Pairing desk = listener();
    Pairing laptop = connector();
    meet(desk, laptop);
    return desk;
  };
  only(with_code, Kind::accept);
  for (const std::size_t size : {0U, 31U, 33U, 255U}) {
    Pairing desk = listener_met();
    CHECK_FALSE(desk.take({Kind::nonce, std::vector<std::uint8_t>(size, 1)}));
    Pairing laptop = connector_met();
    CHECK_FALSE(laptop.take({Kind::commit, std::vector<std::uint8_t>(size, 1)}));
  }
}

TEST_CASE("an acceptance counts once, and `stored` only after both") {
  Pairing desk = listener();
  Pairing laptop = connector();
  meet(desk, laptop);
  take(desk, laptop.accept());
  CHECK_FALSE(desk.take({Kind::stored, {}}));
  CHECK_FALSE(desk.take({Kind::accept, {}}));
}

TEST_CASE("a hello must be of this version and name a peer") {
  const auto hello = [](std::vector<std::uint8_t> body) {
    Pairing desk = listener();
    return error_of(desk, {Kind::hello, std::move(body)});
  };
  CHECK(hello({}).code() == Errc::corrupt);
  CHECK(hello({1}).code() == Errc::corrupt);
  CHECK(hello({1, 'A'}).code() == Errc::corrupt);
  CHECK(hello({1, 'a', '\x1B', '[', 'm'}).code() == Errc::corrupt);
  CHECK(hello(std::vector<std::uint8_t>(34, 1)).code() == Errc::corrupt);
  CHECK(hello({2, 'a'}).code() == Errc::unsupported);
}

TEST_CASE("a refusal ends the pairing at any time, in words of this side") {
  Pairing desk = listener();
  const Error error = error_of(desk, refusal(PairingRefusal::by_user));
  CHECK(error.code() == Errc::denied);
  CHECK(error.message() == "the other side refuses: the code was not accepted there");
  Pairing other = listener();
  CHECK(error_of(other, {Kind::refuse, {}}).code() == Errc::denied);
  Pairing third = listener();
  CHECK(error_of(third, {Kind::refuse, {200}}).code() == Errc::denied);
}

TEST_CASE("messages come out of a stream as they went in, at whatever byte it is cut") {
  const PairingMessage sent[] = {{Kind::hello, {1, 'a'}},
                                 {Kind::accept, {}},
                                 {Kind::nonce, std::vector<std::uint8_t>(255, 9)}};
  std::vector<std::uint8_t> stream;
  for (const PairingMessage& message : sent) {
    const auto bytes = encode(message);
    stream.insert(stream.end(), bytes.begin(), bytes.end());
  }
  std::vector<std::uint8_t> received;
  std::vector<PairingMessage> came;
  for (const std::uint8_t byte : stream) {
    received.push_back(byte);
    while (const auto message = take_message(received)) came.push_back(*message);
  }
  REQUIRE(came.size() == 3);
  for (std::size_t at = 0; at < 3; ++at) {
    CHECK(came[at].kind == sent[at].kind);
    CHECK(came[at].body == sent[at].body);
  }
  CHECK(received.empty());
}

TEST_CASE("a code is the same however its digits are grouped, and no other is") {
  CHECK(is_code("4821 0936", "4821 0936"));
  CHECK(is_code("48210936", "4821 0936"));
  CHECK(is_code(" 4821-0936\r", "4821 0936"));
  CHECK_FALSE(is_code("4821 0937", "4821 0936"));
  CHECK_FALSE(is_code("4821 093", "4821 0936"));
  CHECK_FALSE(is_code("", "4821 0936"));
  CHECK_FALSE(is_code("", ""));
}
