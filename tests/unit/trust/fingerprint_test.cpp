#include "trust/fingerprint.hpp"

#include "trust/certificate.hpp"
#include "trust/peer_name.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::trust;

namespace {

const std::string kDigits = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

}  // namespace

TEST_CASE("a fingerprint reads back as it is written, whatever the case of its digits") {
  const auto print = Fingerprint::parse("sha256:" + kDigits);
  REQUIRE(print);
  CHECK(print->sha256[1] == 0x11);
  CHECK(print->sha256[31] == 0xFF);
  CHECK(print->text() == "sha256:" + kDigits);
  CHECK(print->short_text() == "sha256:0011223344556677");
  std::string upper = kDigits;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  CHECK(Fingerprint::parse("sha256:" + upper).value() == *print);
}

TEST_CASE("a fingerprint as openssl prints it is understood") {
  std::string colons;
  for (std::size_t at = 0; at < kDigits.size(); ++at) {
    if (at != 0 && at % 2 == 0) colons += ':';
    colons += kDigits[at];
  }
  CHECK(Fingerprint::parse("sha256:" + colons).value().text() == "sha256:" + kDigits);
}

TEST_CASE("what is no fingerprint is refused, with what was expected") {
  const std::string cases[] = {
      "",
      kDigits,
      "sha1:" + kDigits,
      "SHA256:" + kDigits,
      "sha256:",
      "sha256:" + kDigits.substr(1),
      "sha256:" + kDigits + "0",
      "sha256:" + kDigits + ":",
      "sha256::" + kDigits,
      "sha256:g" + kDigits.substr(1),
      "sha256:0:0" + kDigits.substr(2),
      "sha256: " + kDigits.substr(1),
      std::string(100'000, 'a'),
  };
  for (const std::string& text : cases) {
    const auto print = Fingerprint::parse(text);
    INFO(text.substr(0, 100));
    REQUIRE_FALSE(print);
    CHECK(print.error().code() == Errc::invalid);
    CHECK(print.error().message().find("expected sha256: and 64 hex") != std::string::npos);
    CHECK(print.error().message().size() < 300);
  }
}

TEST_CASE("two certificates with one name and one key differ in their fingerprints") {
  const auto key = make_key(KeyKind::p256);
  const auto one = make_certificate(key->get(), "desk");
  const auto other = make_certificate(key->get(), "desk");
  REQUIRE((one && other));
  CHECK(Fingerprint::of(one->get()) == Fingerprint::of(one->get()));
  CHECK(Fingerprint::of(one->get()) != Fingerprint::of(other->get()));
}

TEST_CASE("names of peers are those that an address can hold") {
  for (const char* good : {"laptop", "a", "9", "desk-2", "x23456789012345678901234567890ab"})
    CHECK(is_peer_name(good));
  for (const char* bad :
       {"", "-x", "Laptop", "a_b", "a b", "a/b", "a:b", "é", "x23456789012345678901234567890abc"}) {
    CHECK_FALSE(is_peer_name(bad));
    CHECK(peer_name_complaint(bad).find("expected a-z, 0-9 and '-'") != std::string::npos);
  }
}

TEST_CASE("a host's name becomes a peer's as far as it can") {
  CHECK(peer_name_from("Desk.local") == "desk");
  CHECK(peer_name_from("MY_Laptop") == "my-laptop");
  CHECK(peer_name_from("--x") == "x");
  CHECK(peer_name_from("été") == "t");
  CHECK(peer_name_from("...") == "");
  CHECK(peer_name_from(std::string(100, 'q')).size() == 32);
}
