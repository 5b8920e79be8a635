#pragma once

#include <dkvm/frame.hpp>

#include <cstdint>

namespace dkvm::detail {

// An event on its way in, common to all edges of its source.
// Life: the frame's views are valid during the call that brings it.
struct Incoming {
  Frame frame;  // its header is as it goes out, but for port and sequence
  std::uint64_t received_ns = 0;
  std::uint64_t age_ns = 0;  // spent in earlier kernels
};

}  // namespace dkvm::detail
