#pragma once

#include "kernel/memory_manager/memory_stats.hpp"
#include "kernel/memory_manager/pool_books.hpp"
#include "kernel/memory_manager/pool_memory.hpp"

#include <dkvm/wire/control_generated.h>

#include <cstdint>
#include <memory>
#include <vector>

// What the memory manager keeps beside the books.
namespace dkvm::detail {

// A device that consumes from a pool.
struct PoolReader {
  DeviceId device = 0;
  bool told = false;     // it can map it, and pool_open was sent
  bool closing = false;  // pool_close was sent
};

struct KeptPool {
  PoolBooks* books = nullptr;  // the ledger's, which lives as long
  std::unique_ptr<PoolMemory> memory;
  PoolState state = PoolState::opening;
  std::uint32_t writer = 0;  // slots that its producer may have at a time
  bool single_use = false;
  bool mapped = false;                       // its producer said so
  bool granted = false;                      // its first slot was granted
  bool ran_out = false;                      // its producer has just published its last slot
  bool share_out_due = false;                // a sink came that has no share
  std::uint64_t due_ns = ~std::uint64_t{0};  // when its state must have ended
  std::uint64_t exhausted = 0;
  std::vector<PoolReader> readers;
  std::vector<PortRef> guests;  // sinks that asked for room and have no share

  std::uint32_t id() const { return books->pool(); }
  PortRef source() const { return books->shape().source; }
  // In use or about to be.
  bool current() const { return state == PoolState::opening || state == PoolState::open; }
  // Whether the limits of this device count it: as long as the device has it. What
  // is left to consumers then is limited where they get it.
  bool charged_to(DeviceId device) const {
    return source().device == device && (current() || state == PoolState::retiring);
  }
};

// A pool that devices were asked to close and did not in time, but may: nobody
// watches their health. They may have it mapped for as long as they live.
struct OwedPool {
  std::uint64_t bytes = 0;
  std::vector<DeviceId> by;
};

// What a source port asked for; kept as long as the port is open, so that a
// larger pool can be opened for it.
struct PortBook {
  std::uint64_t slot_bytes = 0;
  std::uint32_t writer = 0;
  wire::MemoryKind memory = wire::MemoryKind::memfd;
  std::uint32_t current = 0;       // the pool in use; 0: none
  std::uint32_t opening = 0;       // the one that takes its place; 0: none
  bool crowded = false;            // a sink has no share, and no larger pool could be had
  std::vector<PortRef> forwarded;  // sinks that get its buffers by way of others
};

// As frames tell of it.
wire::PoolOpenT pool_open_of(const KeptPool& pool, bool writable);

}  // namespace dkvm::detail
