#include "kernel/memory_manager/memory_manager.hpp"

#include <algorithm>

namespace dkvm {

wire::PoolOpenT detail::pool_open_of(const KeptPool& pool, bool writable) {
  const PoolShape& shape = pool.books->shape();
  wire::PoolOpenT open;
  open.pool = pool.id();
  open.memory = shape.memory;
  open.writable = writable;
  open.slot_count = shape.slots;
  open.slot_bytes = shape.stride;
  open.bytes = shape.bytes();
  open.name = pool.memory->name();
  open.port = shape.source.port;
  return open;
}

bool MemoryManager::is_crowded(std::uint32_t pool, PortRef source) const {
  const auto port = ports_.find(source);
  return port != ports_.end() && port->second.current == pool && port->second.crowded;
}

std::vector<PoolStats> MemoryManager::stats() const {
  std::vector<PoolStats> all;
  for (const auto& [number, pool] : pools_) {
    const PoolShape& shape = pool.books->shape();
    PoolStats stats{number,
                    pool.source(),
                    pool.state,
                    shape.memory,
                    pool.single_use,
                    is_crowded(number, pool.source()),
                    shape.bytes(),
                    shape.slot_bytes,
                    shape.slots,
                    pool.books->free(),
                    pool.books->writing(),
                    pool.exhausted,
                    {}};
    for (const PoolBooks::Sink& sink : pool.books->sinks())
      stats.sinks.push_back({sink.port, sink.share, sink.held, sink.leased});
    std::ranges::sort(stats.sinks, {}, &SinkStats::sink);
    all.push_back(std::move(stats));
  }
  return all;
}

MemoryTotals MemoryManager::totals() const {
  return {pools_.size(), bytes_max_ - std::min(bytes_max_, bytes_left()), bytes_max_, exhausted_,
          refused_};
}

}  // namespace dkvm
