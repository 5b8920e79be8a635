#pragma once

#include <dkvm/frame.hpp>

#include <cstdint>

namespace dkvm {

// Where an event comes from and when it was captured.
// Units: capture_ns() is CLOCK_MONOTONIC of this machine
// Life:  valid during the call that it is handed to
struct EventInfo {
  const Frame& frame;
  std::uint64_t sequence() const { return frame.header.sequence(); }
  std::uint64_t capture_ns() const { return frame.header.capture_ns(); }
};

}  // namespace dkvm
