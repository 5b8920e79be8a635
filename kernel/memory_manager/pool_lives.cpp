// The life of a pool: opening → open → retiring → draining → closing.
#include "kernel/loop/assert.hpp"
#include "kernel/loop/loop_gap.hpp"
#include "kernel/memory_manager/memory_manager.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace dkvm {
namespace {

constexpr auto kMappedNs =
    static_cast<std::uint64_t>(std::chrono::nanoseconds(kPoolMappedTimeMax).count());
constexpr auto kClosedNs =
    static_cast<std::uint64_t>(std::chrono::nanoseconds(kPoolClosedTimeMax).count());

static_assert(kWriterSlotsMax <= kBuffersPerFrameMax);  // a grant fits one frame

}  // namespace

// Mapped and sealed: it takes the place of its port's former pool.
void MemoryManager::start(Pool& pool, std::uint64_t now_ns) {
  pool.state = PoolState::open;
  set_due(pool, kNever);
  if (pool.single_use) {
    share_single_use(pool);
    return top_up(pool);
  }
  PortBook& port = ports_.at(pool.source());
  DKVM_ASSERT(port.opening == pool.id());
  const std::uint32_t former = std::exchange(port.current, pool.id());
  port.opening = 0;
  if (Pool* replaced = find(former); replaced != nullptr) retire(*replaced, now_ns);
  share_out(pool, now_ns);
  top_up(pool);
}

// Grants slots ahead, so that the producer need not ask.
void MemoryManager::top_up(Pool& pool) {
  PoolBooks& books = *pool.books;
  if (pool.state != PoolState::open || (pool.single_use && pool.granted) ||
      books.writing() > pool.writer / 2 || books.free() == 0)
    return;
  std::array<wire::BufferRef, kWriterSlotsMax> slots;
  std::size_t count = 0;
  while (books.writing() < pool.writer && books.free() > 0) slots[count++] = books.grant();
  pool.granted = true;
  host_.send_slots(pool.source(), {slots.data(), count});
}

void MemoryManager::retire(Pool& pool, std::uint64_t now_ns) {
  DKVM_ASSERT(pool.current());
  if (const auto port = ports_.find(pool.source()); port != ports_.end()) {
    if (port->second.current == pool.id()) port->second.current = 0;
    if (port->second.opening == pool.id()) port->second.opening = 0;
  }
  pools_beside_ += !pool.single_use;
  pool.state = PoolState::retiring;
  set_due(pool, now_ns + kClosedNs);
  host_.send_pool_close(pool.source().device, pool.id());
}

// It is dead, or has unmapped the pool: what it had not published vanishes.
void MemoryManager::lose_producer(Pool& pool, std::uint64_t now_ns) {
  pools_beside_ += pool.current() && !pool.single_use;
  pool.books->end_writing();
  pool.state = PoolState::draining;
  set_due(pool, kNever);
  retry_crowded();  // its device has more of its limit left
  settle(pool.id(), now_ns);
}

// After slots became free: grants them, or lets the pool go on with its end.
void MemoryManager::settle(std::uint32_t number, std::uint64_t now_ns) {
  Pool* pool = find(number);
  if (pool == nullptr) return;
  if (pool->share_out_due) share_out(*pool, now_ns);
  top_up(*pool);
  if (std::exchange(pool->ran_out, false) && pool->books->writing() == 0) {
    ++pool->exhausted;
    ++exhausted_;
  }
  const bool unused = pool->books->free() == pool->books->shape().slots;
  if (pool->state == PoolState::open && pool->single_use && pool->granted && unused)
    retire(*pool, now_ns);
  else if (pool->state == PoolState::draining && unused)
    close_to_readers(*pool, now_ns);
}

void MemoryManager::close_to_readers(Pool& pool, std::uint64_t now_ns) {
  pool.state = PoolState::closing;
  std::erase_if(pool.readers, [](const detail::PoolReader& reader) { return !reader.told; });
  if (pool.readers.empty()) return remove(pool.id());
  set_due(pool, now_ns + kClosedNs);
  for (detail::PoolReader& reader : pool.readers) {
    reader.closing = true;
    host_.send_pool_close(reader.device, pool.id());
  }
}

void MemoryManager::lose_reader(Pool& pool, DeviceId device) {
  std::erase_if(pool.readers,
                [&](const detail::PoolReader& reader) { return reader.device == device; });
  if (pool.state == PoolState::closing && pool.readers.empty()) remove(pool.id());
}

// Its memory is freed in the worker. Who could have no larger pool may have one now.
void MemoryManager::remove(std::uint32_t number) {
  Pool& gone = *find(number);
  set_due(gone, kNever);
  DKVM_ASSERT(pools_beside_ > 0 && (gone.single_use || !gone.current()));
  --pools_beside_;
  pools_.erase(number);
  ledger_.remove(number);
  std::erase(touched_, number);
  retry_crowded();
}

void MemoryManager::forget_sink(PortRef sink, std::uint64_t now_ns) {
  for (auto& [source, port] : ports_) std::erase(port.forwarded, sink);
  for (const std::uint32_t number : pools_by_number()) {
    Pool* pool = find(number);
    if (pool == nullptr) continue;
    pool->books->forget(sink);
    std::erase(pool->guests, sink);
    settle(number, now_ns);
  }
  roomless_.erase(sink);
}

void MemoryManager::overdue(Pool& pool, std::uint64_t now_ns) {
  const std::uint64_t allowed_ns = pool.state == PoolState::opening ? kMappedNs : kClosedNs;
  if (loop_stood_still(std::chrono::nanoseconds(now_ns - pool.due_ns)))
    return set_due(pool, now_ns + allowed_ns);
  set_due(pool, kNever);
  const auto blame = [&](DeviceId device, std::string why) {
    if (host_.peer(device).watched) host_.memory_offence(device, std::move(why));
  };
  const std::string no_answer = fmt::format("it has not answered pool_close of pool {} within {} s",
                                            pool.id(), kPoolClosedTimeMax.count());
  if (pool.state == PoolState::opening)
    return blame(pool.source().device,
                 fmt::format("it has not mapped pool {} within {} s (pool_mapped)", pool.id(),
                             kPoolMappedTimeMax.count()));
  if (pool.state == PoolState::retiring) blame(pool.source().device, no_answer);
  for (const detail::PoolReader& reader : pool.readers)
    if (reader.closing) blame(reader.device, no_answer);
  let_off(pool, now_ns);
}

// Who is not watched is not waited for either: it owes the pool, others go on.
void MemoryManager::let_off(Pool& pool, std::uint64_t now_ns) {
  if (pool.state == PoolState::retiring) {
    if (host_.peer(pool.source().device).watched) return;
    owe(pool, pool.source().device);
    return lose_producer(pool, now_ns);
  }
  std::erase_if(pool.readers, [&](const detail::PoolReader& reader) {
    if (host_.peer(reader.device).watched) return false;
    owe(pool, reader.device);
    return true;
  });
  if (pool.readers.empty()) remove(pool.id());
}

void MemoryManager::set_due(Pool& pool, std::uint64_t due_ns) {
  if (pool.due_ns != kNever) dues_.erase({pool.due_ns, pool.id()});
  pool.due_ns = due_ns;
  if (due_ns != kNever) dues_.emplace(due_ns, pool.id());
}

}  // namespace dkvm
