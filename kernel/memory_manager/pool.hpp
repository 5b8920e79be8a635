#pragma once

#include "kernel/memory_manager/memory_stats.hpp"
#include "kernel/memory_manager/pool_books.hpp"
#include "kernel/memory_manager/pool_memory.hpp"

#include <cstdint>
#include <memory>
#include <vector>

// What the memory manager keeps beside the books.
namespace dkvm::detail {

// A consumer device that was told of a pool.
struct PoolReader {
  DeviceId device = 0;
  bool closing = false;  // pool_close was sent
};

struct Pool {
  PoolBooks* books = nullptr;  // the ledger's, as long as this
  std::unique_ptr<PoolMemory> memory;
  PoolState state = PoolState::opening;
  std::uint32_t writer = 0;  // slots that its producer may have at a time
  bool single_use = false;
  bool granted = false;           // of a single-use pool: its one slot was
  bool producer_closing = false;  // pool_close was sent to it
  std::uint64_t due_ns = ~std::uint64_t{0};  // when its state must have ended
  std::uint64_t exhausted = 0;
  std::vector<PoolReader> readers;

  std::uint32_t id() const { return books->pool(); }
  PortRef source() const { return books->shape().source; }
  // In use or about to be: what the budget of its device counts.
  bool current() const { return state == PoolState::opening || state == PoolState::open; }
};

// What a source port asked for; kept as long as the port is open, so that a
// larger pool can be opened for it.
struct PortBook {
  std::uint64_t slot_bytes = 0;
  std::uint32_t writer = 0;
  wire::MemoryKind memory = wire::MemoryKind::memfd;
  std::uint32_t current = 0;  // pool in use; 0 none
  std::uint32_t opening = 0;  // the one that takes its place; 0 none
  bool crowded = false;       // a consumer has no share, and no larger pool could be had
};

}  // namespace dkvm::detail
