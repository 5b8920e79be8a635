#pragma once

#include "devices/tcp/limits.hpp"

#include <dkvm/frame.hpp>
#include <dkvm/payload.hpp>
#include <dkvm/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace dkvm::tcp {

// Which kernels stand at the two ends of a link.
struct Ends {
  std::uint64_t here = 0;
  std::uint64_t there = 0;
};

// A peer is trusted to be who it is, and with nothing else: what it sends may
// be a lie that this kernel would end the link for. Pure.

// An `event` frame of a peer: its payload is a table of its topic, its last hop
// is the peer, and it does not claim to begin here without ever having been here.
// Shape:  a topic of one's own has been translated already
// Errors: Errc::corrupt
Result<> check_event(const Frame& event, const Ends& ends);

// An `upstream` frame of a peer.
// Errors: Errc::corrupt
Result<> check_upstream(const Frame& message);

// Whether a stream of these topics may hold something down.
bool holds_input(const std::vector<std::string>& topics);

// The port that a peer opens.
// Errors: Errc::corrupt
Result<wire::PortSpecT> read_offer(const Frame& frame);

}  // namespace dkvm::tcp
