#pragma once

#include <dkvm/detail/closed_pools.hpp>
#include <dkvm/detail/pool_table.hpp>
#include <dkvm/detail/returns.hpp>
#include <dkvm/frame.hpp>
#include <dkvm/log.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

namespace dkvm::detail {

// The pools of others (perhaps of this device's own source ports), which a running
// device reads, and the way back of their buffers.
class ReadPools {
 public:
  // Life: both outlive this.
  ReadPools(Session& session, ClosedPools& closed) : session_(session), closed_(closed) {}
  ReadPools(const ReadPools&) = delete;
  ReadPools& operator=(const ReadPools&) = delete;
  ~ReadPools() {
    for (auto& [port, returns] : returns_) returns->close();
  }

  // --- what the kernel says -----------------------------------------------------

  // Errors: Errc::corrupt for a pool that is not what it says, Errc::exhausted
  //         without memory.
  Result<> opened(const wire::PoolOpenT& open, Fd& fd) {
    if (open.memory != wire::MemoryKind::memfd && open.memory != wire::MemoryKind::named) {
      log_warning("pool " + std::to_string(open.pool) +
                  " is of a kind of memory that this device cannot read");
      return {};
    }
    DKVM_TRY(const auto pool, pools_.map(open, fd));
    pools_.add(pool);
    return {};
  }

  // Nothing is left of it but what leases keep mapped.
  void close(std::uint32_t id) {
    pools_.remove(id);
    closed_.say(id);
  }

  // --- events -------------------------------------------------------------------

  // Errors: Errc::corrupt when one of the frame's buffers lies outside of its slot.
  Result<> check(const Frame& frame) const {
    for (std::size_t i = 0; i < frame.header.buffer_count(); ++i) {
      const wire::BufferRef ref = frame.buffer(i);
      if (const auto pool = pools_.find(ref.pool()); pool && !pool->holds(ref))
        return fail(Errc::corrupt, "an event carries bytes " + std::to_string(ref.offset()) +
                                       " to " + std::to_string(ref.offset() + ref.length()) +
                                       " of slot " + std::to_string(ref.slot()) +
                                       ", which lie outside of it");
    }
    return {};
  }

  const PoolTable& table() const { return pools_; }

  // Of a sink port: where its buffers go back.
  const std::shared_ptr<Returns>& returns_of(std::uint16_t port) {
    auto& returns = returns_[port];
    if (!returns) returns = std::make_shared<Returns>(session_, port);
    return returns;
  }

  // Puts the releases that wait into the batch.
  // Errors: those of Returns::write().
  Result<> write_returns() {
    for (auto& [port, returns] : returns_) DKVM_CHECK(returns->write());
    return {};
  }

  void port_closed(std::uint16_t port) {
    if (const auto gone = returns_.extract(port)) gone.mapped()->close();
  }

 private:
  Session& session_;
  ClosedPools& closed_;
  PoolTable pools_;
  std::unordered_map<std::uint16_t, std::shared_ptr<Returns>> returns_;  // with the leases
};

}  // namespace dkvm::detail
