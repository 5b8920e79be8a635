#include "kernel/memory_manager/memory_manager.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dkvm {

MemoryManager::MemoryManager(MemoryHost& host, Worker& worker, std::uint64_t bytes_max)
    : host_(host), worker_(worker), bytes_max_(bytes_max) {}

MemoryManager::~MemoryManager() = default;

void MemoryManager::set_bytes_max(std::uint64_t bytes_max) {
  bytes_max_ = bytes_max;
  retry_crowded();
}

MemoryManager::Pool* MemoryManager::find(std::uint32_t pool) {
  const auto found = pools_.find(pool);
  return found == pools_.end() ? nullptr : &found->second;
}

std::vector<std::uint32_t> MemoryManager::pools_by_number() const {
  std::vector<std::uint32_t> numbers;
  for (const auto& [number, pool] : pools_) numbers.push_back(number);
  return numbers;
}

// --- calls of devices ------------------------------------------------------------

Result<> MemoryManager::retain(PortRef sink, const wire::BufferRef& ref) {
  PoolBooks* books = ledger_.find(ref.pool());
  const bool leased = books != nullptr && books->check_leased(sink, ref).has_value();
  if (!leased)
    return fail(Errc::invalid,
                fmt::format("port {} does not hold pool {}, slot {}, generation {}, expected a "
                            "buffer that it holds",
                            sink.port, ref.pool(), ref.slot(), ref.generation()));
  PoolBooks::Sink& account = books->at(sink);
  if (!books->may_lease(account, 1))
    return fail(Errc::exhausted,
                fmt::format("port {} holds {} buffers of pool {}, its share is {}", sink.port,
                            account.leased, ref.pool(), account.share.leases));
  books->retain(account, ref.slot());
  return {};
}

Result<> MemoryManager::give_back(PortRef port, const wire::BufferRef& ref, std::uint64_t now_ns) {
  Pool* pool = find(ref.pool());
  if (pool == nullptr)
    return fail(Errc::invalid,
                fmt::format("there is no pool {}, expected an open one", ref.pool()));
  if (pool->source() == port) {
    DKVM_CHECK(pool->books->check_writing(ref));
    pool->books->give_back(ref.slot());
  } else {
    if (auto leased = pool->books->check_leased(port, ref); !leased)
      return fail(Errc::invalid, leased.error().message());
    pool->books->release(port, ref.slot());
    if (pool->books->fed(port)) host_.room_at(port);
    freed(port);
  }
  settle(ref.pool(), now_ns);
  return {};
}

// --- frames ----------------------------------------------------------------------

Result<> MemoryManager::publish(PortRef source, Bytes refs) {
  DKVM_CHECK(ledger_.publish(source, refs));
  for (std::size_t i = 0; i < refs.size() / kBufferRefBytes; ++i) {
    Pool& pool = *find(read_struct<wire::BufferRef>(refs, i).pool());
    if (pool.source() == source && pool.state == PoolState::open && pool.books->writing() == 0)
      pool.ran_out = !pool.single_use;
  }
  return {};
}

void MemoryManager::published(Bytes refs, std::uint64_t now_ns) {
  ledger_.settle(refs);
  settle_all(refs, now_ns);
  settle_touched(now_ns);
}

Result<> MemoryManager::released(PortRef sink, Bytes refs, std::uint64_t now_ns) {
  const Result<> done = ledger_.released(sink, refs);
  for (std::size_t i = 0; i < refs.size() / kBufferRefBytes; ++i) {
    PoolBooks* books = ledger_.find(read_struct<wire::BufferRef>(refs, i).pool());
    if (books != nullptr && books->fed(sink)) host_.room_at(sink);
  }
  freed(sink);
  settle_all(refs, now_ns);
  return done;
}

Result<> MemoryManager::pool_mapped(DeviceId device, std::uint32_t number, std::uint64_t now_ns) {
  Pool* pool = find(number);
  const bool due = pool != nullptr && pool->source().device == device && !pool->mapped &&
                   (pool->state == PoolState::opening || pool->state == PoolState::retiring);
  if (!due)
    return fail(Errc::corrupt, fmt::format("it says that it has mapped pool {}, expected one that "
                                           "it was given to map, once",
                                           number));
  pool->mapped = true;
  if (pool->state == PoolState::retiring) return {};  // overtaken by a newer pool
  if (auto sealed = pool->memory->seal(); !sealed)
    return fail(std::move(sealed).error().within(fmt::format("pool {}", number)));
  start(*pool, now_ns);
  return {};
}

Result<> MemoryManager::pool_closed(DeviceId device, std::uint32_t number, std::uint64_t now_ns) {
  Pool* pool = find(number);
  if (pool != nullptr && pool->state == PoolState::retiring && pool->source().device == device) {
    lose_producer(*pool, now_ns);
    return {};
  }
  if (pool != nullptr && pool->state == PoolState::closing &&
      std::ranges::any_of(pool->readers, [&](const detail::PoolReader& reader) {
        return reader.device == device && reader.closing;
      })) {
    lose_reader(*pool, device);
    debt_paid(device);
    return {};
  }
  if (pay(device, number)) return {};
  return fail(Errc::corrupt, fmt::format("it says that it has closed pool {}, expected one that it "
                                         "was asked to close, once",
                                         number));
}

// --- what changes around it --------------------------------------------------------

void MemoryManager::feeds_changed(PortRef source, std::uint64_t now_ns) {
  const auto port = ports_.find(source);
  if (port == ports_.end() || port->second.current == 0) return;
  share_out(*find(port->second.current), now_ns);
}

void MemoryManager::port_gone(PortRef port, std::uint64_t now_ns) {
  for (const std::uint32_t number : pools_by_number())
    if (Pool* pool = find(number); pool->source() == port && pool->current()) retire(*pool, now_ns);
  ports_.erase(port);
  forget_sink(port, now_ns);
}

void MemoryManager::device_gone(DeviceId device, std::uint64_t now_ns) {
  std::set<PortRef> sinks;
  for (auto& [number, pool] : pools_)
    for (const PoolBooks::Sink& sink : pool.books->sinks())
      if (sink.port.device == device) sinks.insert(sink.port);
  for (const PortRef sink : sinks) forget_sink(sink, now_ns);
  forgive(device);
  std::erase_if(ports_, [&](const auto& port) { return port.first.device == device; });
  for (auto& [source, port] : ports_)
    std::erase_if(port.forwarded, [&](PortRef sink) { return sink.device == device; });
  std::erase_if(roomless_, [&](const auto& each) { return each.first.device == device; });
  for (const std::uint32_t number : pools_by_number()) {
    if (Pool* pool = find(number); pool != nullptr) lose_reader(*pool, device);
    Pool* pool = find(number);
    const bool produces = pool != nullptr && pool->source().device == device;
    if (produces && (pool->current() || pool->state == PoolState::retiring))
      lose_producer(*pool, now_ns);
  }
  retry_crowded();
}

std::uint64_t MemoryManager::deadline() const {
  if (!touched_.empty()) return 0;
  return dues_.empty() ? kNever : dues_.begin()->first;
}

void MemoryManager::tick(std::uint64_t now_ns) { settle_touched(now_ns); }

void MemoryManager::judge(std::uint64_t now_ns) {
  while (!dues_.empty() && dues_.begin()->first <= now_ns)
    overdue(*find(dues_.begin()->second), now_ns);
  settle_touched(now_ns);
}

}  // namespace dkvm
