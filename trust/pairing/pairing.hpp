#pragma once

#include "trust/fingerprint.hpp"
#include "trust/pairing/message.hpp"

#include <dkvm/result.hpp>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace dkvm::trust {

enum class PairingRole { listener, connector };

using Nonce = std::array<std::uint8_t, 32>;

Result<Nonce> random_nonce();

// What one side brings along.
struct PairingSide {
  PairingRole role{};
  Fingerprint own;    // of the certificates with which both have just
  Fingerprint other;  // shaken hands: each has proved that it has the key
  std::string name;   // what the other side is to call this one, unless it has an idea
  Nonce nonce{};      // fresh from random_nonce()
};

// How two machines that know nothing of each other come to trust each other:
// both show a short code made of both certificates and a nonce of each side,
// and people compare them. The listener binds itself to its nonce before it
// sees the connector's, and the connector gives its own before it sees the
// listener's. So whoever sits between them, with a certificate of its own to
// each side, cannot look for nonces that make the codes equal: it has one guess
// among kPairingCodes.
// Pure: it says what to send, and sends nothing. Any error ends the pairing.
// Source: docs/operations.md, "How pairing works"
class Pairing {
 public:
  // Errors: Errc::invalid when the other side is oneself.
  static Result<Pairing> start(PairingSide side);

  // To be sent first.
  PairingMessage hello() const;

  // Takes a message of the other side and gives what is to be sent for it.
  // Errors: Errc::corrupt when it breaks the protocol, or its nonce is not the
  // one that it was bound to; Errc::unsupported for another version; Errc::denied
  // when the other side refuses.
  Result<std::optional<PairingMessage>> take(const PairingMessage& message);

  // Empty until the other side has said it.
  const std::string& other_name() const { return other_name_; }

  // What people compare, `4821 0936`; empty until it is known.
  const std::string& code() const { return code_; }

  // The user has seen the same code there; to be sent. Not before code() is known.
  PairingMessage accept();
  bool other_accepted() const { return other_accepted_; }
  // Both have accepted: now the pin may be kept, and not before.
  bool agreed() const { return accepted_ && other_accepted_; }

  // The pin is kept; to be sent. Not before agreed().
  PairingMessage stored() const;
  bool other_stored() const { return other_stored_; }

 private:
  using Answer = Result<std::optional<PairingMessage>>;

  explicit Pairing(PairingSide side) : side_(std::move(side)) {}

  Answer take_hello(const PairingMessage& message);
  Answer take_commit(const PairingMessage& message);
  Answer take_nonce(const PairingMessage& message);
  Answer take_reveal(const PairingMessage& message);
  Answer take_end(const PairingMessage& message);
  Result<Nonce> nonce_in(const PairingMessage& message) const;
  void make_code(const Nonce& other);
  PairingMessage::Kind expected() const;

  PairingSide side_;
  std::string other_name_;
  std::optional<std::array<std::uint8_t, 32>> commitment_;
  std::string code_;
  bool accepted_ = false;
  bool other_accepted_ = false;
  bool other_stored_ = false;
};

PairingMessage refusal(PairingRefusal why);

inline constexpr std::uint64_t kPairingCodes = 100'000'000;  // 8 digits

// Whether this is the code, however its digits are grouped.
bool is_code(std::string_view typed, std::string_view code);

}  // namespace dkvm::trust
