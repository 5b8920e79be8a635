#include "trust/pairing/pairing.hpp"

#include "trust/openssl.hpp"
#include "trust/peer_name.hpp"

#include <fmt/format.h>

#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>

namespace dkvm::trust {
namespace {

using Kind = PairingMessage::Kind;
using Digest = std::array<std::uint8_t, 32>;

constexpr std::uint8_t kVersion = 1;
// Different for each purpose: no digest of one is ever of use as another.
constexpr std::string_view kCommitLabel = "dkvm pairing 1: commitment";
constexpr std::string_view kCodeLabel = "dkvm pairing 1: code";

// All parts but the label have one length, so no two lists of parts are alike.
Digest digest(std::string_view label, std::initializer_list<const Digest*> parts) {
  std::vector<std::uint8_t> bytes(label.begin(), label.end());
  for (const Digest* part : parts) bytes.insert(bytes.end(), part->begin(), part->end());
  Digest out{};
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, EVP_sha256(), nullptr) != 1)
    std::abort();  // SHA-256 is always there
  return out;
}

Digest commitment_to(const Nonce& nonce, const Fingerprint& listener,
                     const Fingerprint& connector) {
  return digest(kCommitLabel, {&nonce, &listener.sha256, &connector.sha256});
}

PairingMessage with_digest(Kind kind, const Digest& bytes) {
  return {kind, {bytes.begin(), bytes.end()}};
}

Error broken(std::string what) {
  return {Errc::corrupt, "the other side breaks the rules of pairing: " + std::move(what)};
}

std::string_view text_of(std::uint8_t why) {
  switch (static_cast<PairingRefusal>(why)) {
    case PairingRefusal::by_user: return "the code was not accepted there";
    case PairingRefusal::name_taken:
      return "it trusts another machine by this one's name, or this one by another name: it says "
             "what to do";
    case PairingRefusal::late: return "nobody answered there in time";
    case PairingRefusal::failed: return "it could not keep the pin: it says why";
  }
  return "for a reason that is unknown here";
}

bool is_known(Kind kind) { return kind >= Kind::hello && kind <= Kind::stored; }

}  // namespace

Result<Nonce> random_nonce() {
  Nonce nonce{};
  if (RAND_bytes(nonce.data(), static_cast<int>(nonce.size())) != 1)
    return fail(openssl_error(Errc::internal, "drawing a nonce"));
  return nonce;
}

Result<Pairing> Pairing::start(PairingSide side) {
  if (side.own == side.other)
    return fail(Errc::invalid,
                "the other side has the identity of this machine: it is this machine, or has a "
                "copy of its key. Each machine makes its own: `dkvmctl identity make`");
  return Pairing(std::move(side));
}

PairingMessage Pairing::hello() const {
  PairingMessage message{Kind::hello, std::vector<std::uint8_t>(1 + side_.name.size())};
  message.body[0] = kVersion;
  std::ranges::copy(side_.name, message.body.begin() + 1);
  return message;
}

// What has to come next, of what makes the code.
Kind Pairing::expected() const {
  if (other_name_.empty()) return Kind::hello;
  if (side_.role == PairingRole::listener) return Kind::nonce;
  return commitment_ ? Kind::reveal : Kind::commit;
}

Pairing::Answer Pairing::take(const PairingMessage& message) {
  if (message.kind == Kind::refuse)
    return fail(Errc::denied, fmt::format("the other side refuses: {}",
                                          text_of(message.body.empty() ? 0 : message.body[0])));
  if (!code_.empty()) return take_end(message);
  if (message.kind != expected())
    return fail(broken(fmt::format("{} came where {} was expected", trust::name(message.kind),
                                   trust::name(expected()))));
  switch (message.kind) {
    case Kind::hello: return take_hello(message);
    case Kind::commit: return take_commit(message);
    case Kind::nonce: return take_nonce(message);
    default: return take_reveal(message);
  }
}

Pairing::Answer Pairing::take_hello(const PairingMessage& message) {
  if (message.body.empty()) return fail(broken("its hello is empty"));
  if (message.body[0] != kVersion)
    return fail(Errc::unsupported,
                fmt::format("the other side pairs by version {} of the protocol, this one by {}: "
                            "install the same version of dKVM on both",
                            message.body[0], kVersion));
  const std::string called(message.body.begin() + 1, message.body.end());
  if (!is_peer_name(called)) return fail(broken("what it calls itself is no name"));
  other_name_ = called;
  if (side_.role == PairingRole::connector) return std::nullopt;
  return with_digest(Kind::commit, commitment_to(side_.nonce, side_.own, side_.other));
}

Pairing::Answer Pairing::take_commit(const PairingMessage& message) {
  DKVM_TRY(commitment_, nonce_in(message));
  return with_digest(Kind::nonce, side_.nonce);
}

Pairing::Answer Pairing::take_nonce(const PairingMessage& message) {
  DKVM_TRY(const Nonce other, nonce_in(message));
  make_code(other);
  return with_digest(Kind::reveal, side_.nonce);
}

Pairing::Answer Pairing::take_reveal(const PairingMessage& message) {
  DKVM_TRY(const Nonce other, nonce_in(message));
  if (commitment_to(other, side_.other, side_.own) != commitment_)
    return fail(
        broken("its nonce is not the one that it was bound to. Somebody may sit between "
               "the two machines"));
  make_code(other);
  return std::nullopt;
}

Pairing::Answer Pairing::take_end(const PairingMessage& message) {
  if (message.kind == Kind::accept && !other_accepted_) {
    other_accepted_ = true;
  } else if (message.kind == Kind::stored && agreed() && !other_stored_) {
    other_stored_ = true;
  } else {
    return fail(
        broken(fmt::format("{} came out of turn", is_known(message.kind) ? trust::name(message.kind)
                                                                         : "something unknown")));
  }
  return std::nullopt;
}

Result<Nonce> Pairing::nonce_in(const PairingMessage& message) const {
  Nonce bytes{};
  if (message.body.size() != bytes.size())
    return fail(broken(fmt::format("its {} has {} bytes, expected {}", trust::name(message.kind),
                                   message.body.size(), bytes.size())));
  std::ranges::copy(message.body, bytes.begin());
  if (bytes == side_.nonce) return fail(broken("it sends back the nonce of this side"));
  return bytes;
}

void Pairing::make_code(const Nonce& other) {
  const bool listens = side_.role == PairingRole::listener;
  const Digest made =
      listens ? digest(kCodeLabel, {&side_.own.sha256, &side_.other.sha256, &side_.nonce, &other})
              : digest(kCodeLabel, {&side_.other.sha256, &side_.own.sha256, &other, &side_.nonce});
  std::uint64_t number = 0;
  for (std::size_t at = 0; at < sizeof(number); ++at) number = number << 8 | made[at];
  number %= kPairingCodes;
  code_ = fmt::format("{:04} {:04}", number / 10'000, number % 10'000);
}

PairingMessage Pairing::accept() {
  if (code_.empty()) std::abort();  // a defect of the caller
  accepted_ = true;
  return {Kind::accept, {}};
}

PairingMessage Pairing::stored() const {
  if (!agreed()) std::abort();  // a defect of the caller
  return {Kind::stored, {}};
}

PairingMessage refusal(PairingRefusal why) {
  return {Kind::refuse, {static_cast<std::uint8_t>(why)}};
}

bool is_code(std::string_view typed, std::string_view code) {
  const auto digits = [](std::string_view text) {
    std::string kept;
    for (const char c : text)
      if (c != ' ' && c != '-' && c != '\t' && c != '\r') kept += c;
    return kept;
  };
  return !code.empty() && digits(typed) == digits(code);
}

}  // namespace dkvm::trust
