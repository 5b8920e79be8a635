#pragma once

#include <dkvm/frame.hpp>

#include <cstdint>
#include <span>
#include <vector>

// What main loop and bulk thread hand each other.
namespace dkvm::tcp {

// A stream's number on this link, as its sender opened it.
using StreamId = std::uint16_t;

// An event to send, with the bytes of its buffers.
struct Parcel {
  StreamId stream = 0;
  std::uint64_t token = 0;       // comes back when the bytes are no longer needed
  std::vector<std::byte> event;  // one whole frame
  Bytes body{};                  // lives until the token comes back
};

// Room for one incoming body: a slot of a pool, granted to the peer by its number
// on that stream. Numbers only rise; one that the peer passes over is not used.
struct Vessel {
  std::uint32_t number = 0;  // from 1
  std::span<std::byte>
      room{};  // lives until it or a higher one comes back, or its stream is closed
};

// An event that came, with its body in the vessel.
struct Arrival {
  StreamId stream = 0;
  std::vector<std::byte> event;  // one whole frame
  std::uint32_t vessel = 0;      // its number; 0: it has no body
  std::uint64_t body_bytes = 0;
};

// Slots that the peer grants to a stream of this side.
struct Granted {
  StreamId stream = 0;
  std::vector<wire::BufferRef> slots;
};

}  // namespace dkvm::tcp
