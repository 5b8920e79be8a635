// The account that the router keeps told: the books do it; here is what follows.
#include "kernel/memory_manager/memory_manager.hpp"

#include <algorithm>

namespace dkvm {
namespace {

std::uint32_t pool_of(Bytes refs, std::size_t index) {
  return read_struct<wire::BufferRef>(refs, index).pool();
}

}  // namespace

bool MemoryManager::room(PortRef sink, Bytes refs) {
  meet(sink, refs);
  for (std::size_t i = 0; i < refs.size() / kBufferRefBytes; ++i)
    if (!room_beside(sink, *find(pool_of(refs, i)))) return false;
  return ledger_.room(sink, refs);
}

void MemoryManager::hold(PortRef sink, Bytes refs) {
  meet(sink, refs);
  for (std::size_t i = 0; i < refs.size() / kBufferRefBytes; ++i)
    ensure_reader(*find(pool_of(refs, i)), sink);
  ledger_.hold(sink, refs);
}

void MemoryManager::drop(PortRef sink, Bytes refs) {
  ledger_.drop(sink, refs);
  for (std::size_t i = 0; i < refs.size() / kBufferRefBytes; ++i) touch(*find(pool_of(refs, i)));
}

bool MemoryManager::lease(PortRef sink, Bytes refs) { return ledger_.lease(sink, refs); }

// A sink without a share is noted once; the pool is enlarged at the end of the turn.
void MemoryManager::meet(PortRef sink, Bytes refs) {
  for (std::size_t i = 0; i < refs.size() / kBufferRefBytes; ++i) {
    Pool& pool = *find(pool_of(refs, i));
    const PoolBooks::Sink* account = pool.books->sink(sink);
    if (account != nullptr && account->share.queued > 0) continue;
    if (pool.single_use) {
      pool.books->set_share(sink, kSingleUseShare);
    } else if (std::ranges::find(pool.guests, sink) == pool.guests.end()) {
      pool.guests.push_back(sink);
      pool.share_out_due = true;
      touch(pool);
    }
  }
}

bool MemoryManager::room_beside(PortRef sink, const Pool& pool) const {
  if (pools_beside_ < kPoolsBesidePerSinkMax) return true;  // as a rule: no need to look
  std::size_t used = 0;
  for (const auto& [number, other] : pools_) {
    if (&other == &pool || other.source() != pool.source()) continue;
    if (other.current() && !other.single_use) continue;
    const PoolBooks::Sink* account = other.books->sink(sink);
    used += account != nullptr && account->held + account->leased > 0;
  }
  return used < kPoolsBesidePerSinkMax;
}

void MemoryManager::touch(Pool& pool) {
  if (std::ranges::find(touched_, pool.id()) == touched_.end()) touched_.push_back(pool.id());
}

void MemoryManager::settle_touched(std::uint64_t now_ns) {
  // Settling a pool may touch others.
  while (!touched_.empty()) {
    const std::uint32_t number = touched_.back();
    touched_.pop_back();
    settle(number, now_ns);
  }
}

void MemoryManager::settle_all(Bytes refs, std::uint64_t now_ns) {
  for (std::size_t i = 0; i < refs.size() / kBufferRefBytes; ++i) settle(pool_of(refs, i), now_ns);
}

}  // namespace dkvm
