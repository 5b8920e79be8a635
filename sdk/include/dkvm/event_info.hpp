#pragma once

#include <dkvm/buffers.hpp>
#include <dkvm/detail/delivery.hpp>
#include <dkvm/frame.hpp>

#include <cstddef>
#include <cstdint>

namespace dkvm {

// Where an event comes from, when it was captured, and the buffers that it
// brought. What a handler does not keep is released when it returns.
// Units: capture_ns() is CLOCK_MONOTONIC of this machine
// Life:  valid during the call that it is handed to, and so are its bytes
struct EventInfo {
  const Frame& frame;
  detail::Delivery* delivery = nullptr;  // of an event with buffers

  std::uint64_t sequence() const { return frame.header.sequence(); }
  std::uint64_t capture_ns() const { return frame.header.capture_ns(); }

  std::size_t buffer_count() const { return frame.header.buffer_count(); }
  // Empty when there is no such buffer, or none that this device can map.
  // Shape: what the event says of it; its producer may still write to it: copy
  //        what is parsed before it is looked at
  Bytes bytes(std::size_t index = 0) const { return delivery ? delivery->bytes(index) : Bytes{}; }
  // Keeps a buffer beyond the call. The second time for the same one, and where
  // there is none, the lease is empty. With the port's share kept, no further
  // buffers come until one is released.
  Lease keep(std::size_t index = 0) const { return delivery ? delivery->keep(index) : Lease(); }
};

}  // namespace dkvm
