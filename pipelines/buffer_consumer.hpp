#pragma once

#include "pipelines/port.hpp"

#include <cstddef>

namespace dkvm {

// An active edge of a source port that can carry buffers, as those who size
// memory see it.
struct BufferConsumer {
  PortRef sink;
  std::size_t depth = 0;  // events that may wait in its queue
  bool block = false;     // the source waits instead of losing

  bool operator==(const BufferConsumer&) const = default;
};

}  // namespace dkvm
