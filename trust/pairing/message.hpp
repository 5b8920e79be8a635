#pragma once

#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace dkvm::trust {

inline constexpr std::size_t kPairingBodyBytesMax = 255;

// What two machines that pair say to each other.
// Source: docs/operations.md, "How pairing works"
struct PairingMessage {
  enum class Kind : std::uint8_t {
    hello = 1,   // both: version of this protocol, one's own name
    commit = 2,  // listener: the digest that binds it to its nonce
    nonce = 3,   // connector: its nonce
    reveal = 4,  // listener: its nonce
    accept = 5,  // both: the user has seen the same code
    refuse = 6,  // both: a PairingRefusal
    stored = 7,  // both: the other's pin is kept
  };
  Kind kind{};
  std::vector<std::uint8_t> body = {};
};

enum class PairingRefusal : std::uint8_t {
  by_user = 1,  // the codes differ, or the user does not want to
  name_taken = 2,
  late = 3,    // the user did not answer
  failed = 4,  // the pin could not be kept
};

std::string_view name(PairingMessage::Kind kind);

// Shape: kind, length of the body (1 byte each), body.
std::vector<std::uint8_t> encode(const PairingMessage& message);

// The first whole message of what has come, which is taken off it; nothing
// while it is not there as a whole.
std::optional<PairingMessage> take_message(std::vector<std::uint8_t>& received);

}  // namespace dkvm::trust
