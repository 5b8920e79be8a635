#pragma once

#include "trust/identity.hpp"

#include <dkvm/payload.hpp>

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

  wire::LinkHelloT hello(wire::LinkConnection connection, std::vector<std::uint8_t> session,
                         bool resumed = false) const;
};

// Random bytes that nobody can guess.
std::vector<std::uint8_t> random_session();
std::uint64_t random_number();

// What a peer's hello says.
// Errors: Errc::corrupt for a frame that is none, Errc::unsupported for a version of the
//         protocol that this side does not speak.
Result<wire::LinkHelloT> read_hello(const Frame& frame);

}  // namespace dkvm::tcp
