#pragma once

#include "pipelines/incoming.hpp"

#include <optional>

namespace dkvm::detail {

// Sees the events of a source port before they are routed.
class SourceWatch {
 public:
  // What becomes of an event at the edges of switches; other edges get it as it came.
  struct Look {
    bool pass = true;
    // Instead of it. Life: until the next see()
    std::optional<Incoming> instead{};
  };

  virtual ~SourceWatch() = default;

  // May open and close edges.
  virtual Look see(const Incoming& event) = 0;
};

}  // namespace dkvm::detail
