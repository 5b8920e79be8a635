#pragma once

#include "trust/identity.hpp"

#include <dkvm/context.hpp>
#include <dkvm/payload.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace dkvm::tcp {

// What this side says of itself on every connection.
struct LinkSelf {
  std::string kernel{};
  std::uint64_t kernel_id = 0;
  std::uint64_t incarnation = 0;  // at random, one a process
  trust::Fingerprint fingerprint{};

  static LinkSelf of(const Context& context, const trust::Identity& identity);

  wire::LinkHelloT hello(wire::LinkConnection connection, std::vector<std::uint8_t> session,
                         bool resumed = false) const;
};

// Says in the log when this side's certificate has ended or soon will.
void warn_of_expiry(const trust::Identity& identity);

// As a whole frame.
std::vector<std::byte> bytes_of(const wire::LinkHelloT& hello);

// Random bytes that nobody can guess.
std::vector<std::uint8_t> random_session();
std::uint64_t random_number();

// As a whole frame: why a session is over, or none begins, and when one may be tried again.
std::vector<std::byte> stop_bytes(const Error& why, std::chrono::milliseconds come_again);

// What a peer's hello says.
// Errors: Errc::corrupt for a frame that is none, Errc::unsupported for a version of the
//         protocol that this side does not speak, Errc::overloaded for a `stop` in its place:
//         the peer does not want this side now.
Result<wire::LinkHelloT> read_hello(const Frame& frame);

}  // namespace dkvm::tcp
