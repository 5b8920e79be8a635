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
  if (!ledger_.room(sink, refs)) {
    roomless_[sink] = {};
    return false;
  }
  return may_have_all(sink, refs, false);
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
  freed(sink);
}

bool MemoryManager::lease(PortRef sink, Bytes refs) {
  if (!may_have_all(sink, refs, true) || !ledger_.lease(sink, refs)) return false;
  freed(sink);  // in its queue
  return true;
}

bool MemoryManager::may_have_all(PortRef sink, Bytes refs, bool lease) {
  for (std::size_t i = 0; i < refs.size() / kBufferRefBytes; ++i) {
    const std::uint32_t pool = pool_of(refs, i);
    if (may_have(sink, *find(pool), lease)) continue;
    roomless_[sink] = {pool, lease};
    return false;
  }
  return true;
}

// The sink has less than it had: what it, or another of its device, was refused
// may be had.
void MemoryManager::freed(PortRef sink) {
  if (roomless_.empty()) return;
  auto each = roomless_.lower_bound({sink.device, 0});
  while (each != roomless_.end() && each->first.device == sink.device) {
    const auto [port, refused] = *each++;
    const Pool* pool = find(refused.beside);
    const bool has_room = refused.beside == 0
                              ? port == sink
                              : pool == nullptr || may_have(port, *pool, refused.lease);
    if (has_room) tell_room(port);
  }
}

void MemoryManager::tell_room(PortRef sink) {
  if (roomless_.erase(sink) != 0) host_.room_at(sink);
}

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

// Policy `block` queues without asking; what waits is no reason to refuse a lease,
// or it would wait for itself.
bool MemoryManager::may_have(PortRef sink, const Pool& pool, bool lease) const {
  return !owes_too_many(sink.device) && has_few_beside(sink.device, pool, !lease);
}

bool MemoryManager::has_few_beside(DeviceId reader, const Pool& pool, bool queued_too) const {
  if (pools_beside_ < kPoolsBesidePerDeviceMax) return true;  // as a rule: no need to look
  const auto has_some = [&](const PoolBooks::Sink& sink) {
    return sink.port.device == reader && sink.leased + (queued_too ? sink.held : 0) > 0;
  };
  std::size_t used = 0;
  for (const auto& [number, other] : pools_) {
    if (&other == &pool || other.source().device != pool.source().device) continue;
    if (other.current() && !other.single_use) continue;
    used += std::ranges::any_of(other.books->sinks(), has_some);
  }
  return used < kPoolsBesidePerDeviceMax;
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
