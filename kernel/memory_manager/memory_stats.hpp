#pragma once

#include "kernel/memory_manager/pool_books.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace dkvm {

// Where a pool is in its life.
enum class PoolState : std::uint8_t {
  opening,   // its producer maps it
  open,      // slots are granted
  retiring,  // nothing is granted; its producer is to unmap it
  draining,  // without its producer, until the last buffer is given back
  closing,   // its consumers are to unmap it
};

constexpr std::string_view name(PoolState state) {
  switch (state) {
    case PoolState::opening: return "opening";
    case PoolState::open: return "open";
    case PoolState::retiring: return "retiring";
    case PoolState::draining: return "draining";
    case PoolState::closing: return "closing";
  }
  return "unknown";
}

struct SinkStats {
  PortRef sink;
  Share share;
  std::uint32_t held = 0;    // buffers in its queues
  std::uint32_t leased = 0;  // buffers that it has not released
};

struct PoolStats {
  std::uint32_t pool = 0;
  PortRef source;
  PoolState state = PoolState::opening;
  wire::MemoryKind memory = wire::MemoryKind::memfd;
  bool single_use = false;
  bool crowded = false;  // consumers of it have no share, and no larger one can be had
  std::uint64_t bytes = 0;
  std::uint64_t slot_bytes = 0;
  std::uint32_t slots = 0;
  std::uint32_t free = 0;
  std::uint32_t writing = 0;    // with its producer
  std::uint64_t exhausted = 0;  // times that its producer's last slot went with none to grant
  std::vector<SinkStats> sinks;
};

struct MemoryTotals {
  std::uint64_t pools = 0;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_max = 0;
  std::uint64_t exhausted = 0;  // of all pools that ever were
  std::uint64_t refused = 0;    // pools that were asked for and not opened
};

}  // namespace dkvm
