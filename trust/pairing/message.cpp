#include "trust/pairing/message.hpp"

#include <algorithm>
#include <cstdlib>

namespace dkvm::trust {
namespace {

constexpr std::size_t kHeadBytes = 2;

}  // namespace

std::string_view name(PairingMessage::Kind kind) {
  using Kind = PairingMessage::Kind;
  switch (kind) {
    case Kind::hello: return "hello";
    case Kind::commit: return "commit";
    case Kind::nonce: return "nonce";
    case Kind::reveal: return "reveal";
    case Kind::accept: return "accept";
    case Kind::refuse: return "refuse";
    case Kind::stored: return "stored";
  }
  return "something unknown";
}

std::vector<std::uint8_t> encode(const PairingMessage& message) {
  if (message.body.size() > kPairingBodyBytesMax) std::abort();  // a defect of the caller
  std::vector<std::uint8_t> bytes(kHeadBytes + message.body.size());
  bytes[0] = static_cast<std::uint8_t>(message.kind);
  bytes[1] = static_cast<std::uint8_t>(message.body.size());
  std::copy(message.body.begin(), message.body.end(), bytes.begin() + kHeadBytes);
  return bytes;
}

std::optional<PairingMessage> take_message(std::vector<std::uint8_t>& received) {
  if (received.size() < kHeadBytes) return std::nullopt;
  const std::size_t end = kHeadBytes + received[1];
  if (received.size() < end) return std::nullopt;
  const auto body_end = received.begin() + static_cast<std::ptrdiff_t>(end);
  PairingMessage message{static_cast<PairingMessage::Kind>(received[0]),
                         {received.begin() + kHeadBytes, body_end}};
  received.erase(received.begin(), body_end);
  return message;
}

}  // namespace dkvm::trust
