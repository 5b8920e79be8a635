#pragma once

#include "kernel/loop/worker.hpp"
#include "kernel/memory_manager/ledger.hpp"
#include "kernel/memory_manager/memory_host.hpp"
#include "kernel/memory_manager/memory_stats.hpp"
#include "kernel/memory_manager/pool.hpp"
#include "kernel/memory_manager/shares.hpp"

#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace dkvm {

inline constexpr std::size_t kPoolsPerDeviceMax = 16;
inline constexpr std::uint32_t kSlotsPerPoolMax = 4096;
inline constexpr std::uint32_t kWriterSlotsDefault = 3;
inline constexpr std::uint64_t kSlotBytesMax = std::uint64_t{1} << 40;
// Pools of a device beside the present ones of its ports, for a single use or
// replaced, of which a consuming device may have buffers: so it cannot hold on to
// all that there may be.
inline constexpr std::size_t kPoolsBesidePerDeviceMax = 4;
// Pools that a device was asked to close and has not: it gets no more of them.
inline constexpr std::size_t kPoolsOwedPerDeviceMax = 16;
inline constexpr std::chrono::seconds kPoolMappedTimeMax{10};
inline constexpr std::chrono::seconds kPoolClosedTimeMax{1};

struct PoolRequest {
  std::uint16_t port = 0;
  std::uint64_t slot_bytes = 0;
  std::uint32_t slots = kWriterSlotsDefault;  // the producer's own
  wire::MemoryKind memory = wire::MemoryKind::memfd;
};

struct PoolMade {
  std::uint32_t pool = 0;
  std::uint32_t slots = 0;  // all of them
};

// The shared memory of all devices: pools, who may have which buffers, and
// getting them back from whoever dies. The truth is here, in private memory;
// no pool is ever mapped here.
// Units: now_ns = CLOCK_MONOTONIC of this machine.
// Life:  loop thread only; host and worker outlive it.
// Errors: of calls for a device: Errc::invalid, denied, exhausted are answers.
//         Of frames (publish, released, pool_mapped, pool_closed): the sender
//         ends with the message in its state, nobody else is touched.
// Source: docs/architecture.md, "Memory"
class MemoryManager final : public BufferAccount {
 public:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  // bytes_max: of all pools together.
  MemoryManager(MemoryHost& host, Worker& worker, std::uint64_t bytes_max);
  ~MemoryManager() override;
  MemoryManager(const MemoryManager&) = delete;
  MemoryManager& operator=(const MemoryManager&) = delete;

  // Of what is opened from now on; what is open stays.
  void set_bytes_max(std::uint64_t bytes_max);

  // --- calls of devices --------------------------------------------------------

  // A pool for a source port that the device has open (the caller's check). It
  // takes the place of the port's present one when it is mapped.
  // Errors: invalid · denied · exhausted, as docs/protocol.md says.
  Result<PoolMade> open_pool(DeviceId device, const PoolRequest& request, std::uint64_t now_ns);
  // A pool of one slot for one buffer.
  Result<PoolMade> allocate(DeviceId device, std::uint16_t port, std::uint64_t bytes,
                            std::uint64_t now_ns);
  // One more lease on a buffer that this sink leases.
  // Errors: invalid · exhausted, when its share is used up.
  Result<> retain(PortRef sink, const wire::BufferRef& ref);
  // A lease of a sink, or a granted slot of a source, given back.
  // Errors: invalid, saying what was expected.
  Result<> give_back(PortRef port, const wire::BufferRef& ref, std::uint64_t now_ns);

  // --- frames ------------------------------------------------------------------

  // Before Router::publish(); on an error the event goes nowhere.
  Result<> publish(PortRef source, Bytes refs);
  // After it, with the same: what nobody queued is free again.
  void published(Bytes refs, std::uint64_t now_ns);
  Result<> released(PortRef sink, Bytes refs, std::uint64_t now_ns);
  Result<> pool_mapped(DeviceId device, std::uint32_t pool, std::uint64_t now_ns);
  Result<> pool_closed(DeviceId device, std::uint32_t pool, std::uint64_t now_ns);

  // --- what changes around it ----------------------------------------------------

  // The set or the depths of the consumers of this port are others now.
  void feeds_changed(PortRef source, std::uint64_t now_ns);
  // A port closed at run time: as a source its pools retire, as a sink its
  // leases return.
  void port_gone(PortRef port, std::uint64_t now_ns);
  // The device was reaped: its leases return, its pools drain.
  void device_gone(DeviceId device, std::uint64_t now_ns);

  // 0: tick() is due, else when judge() is; kNever while nothing is. Ask at the
  // end of each turn.
  std::uint64_t deadline() const;
  // Goes on with what calls of the router changed.
  void tick(std::uint64_t now_ns);
  // Blames those who missed a deadline. To be called only after a poll pass, when
  // what had arrived has been read.
  void judge(std::uint64_t now_ns);

  // --- BufferAccount, for the router -----------------------------------------------

  bool room(PortRef sink, Bytes refs) override;
  void hold(PortRef sink, Bytes refs) override;
  void drop(PortRef sink, Bytes refs) override;
  bool lease(PortRef sink, Bytes refs) override;

  // --- the rest --------------------------------------------------------------------

  std::vector<PoolStats> stats() const;  // by number
  MemoryTotals totals() const;

 private:
  using Pool = detail::KeptPool;
  using PortBook = detail::PortBook;
  using Pools = std::map<std::uint32_t, Pool>;

  // What a sink was refused.
  struct Roomless {
    std::uint32_t beside = 0;  // for it has buffers of too many others: the pool; 0: its share
    bool lease = false;        // a lease, not a place in its queue
  };

  // Opening (open_pool.cpp).
  Result<PoolMade> try_open(PortRef source, const PoolRequest& request, std::uint64_t now_ns);
  Result<PoolMade> try_allocate(PortRef source, std::uint64_t bytes, std::uint64_t now_ns);
  Result<> check_overtaken(PortRef source) const;
  Result<Sizing> fit(PortRef source, const PortBook& port, std::uint64_t bytes_max) const;
  Result<Pool*> make_pool(const PoolShape& shape, std::uint32_t writer, bool single_use,
                          std::uint64_t now_ns);
  std::vector<BufferConsumer> consumers_of(PortRef source, const PortBook& port) const;
  std::uint64_t bytes_of(DeviceId device) const;
  std::uint64_t bytes_left() const;

  // Shares (share_out.cpp).
  void share_out(Pool& pool, std::uint64_t now_ns);
  bool serve_newcomers(Pool& pool, const Sizing& even, const Sizing& least);
  void share_single_use(Pool& pool);
  void note_forwarded(PortBook& port, const Pool& pool);
  void enlarge(PortRef source, PortBook& port, bool was_crowded, std::uint64_t now_ns);
  void retry_crowded();
  void ensure_reader(Pool& pool, PortRef sink);

  // The account (memory_account.cpp).
  void meet(PortRef sink, Bytes refs);
  bool may_have_all(PortRef sink, Bytes refs, bool lease);
  bool may_have(PortRef sink, const Pool& pool, bool lease) const;
  bool has_few_beside(DeviceId reader, const Pool& pool, bool queued_too) const;
  void freed(PortRef sink);
  void tell_room(PortRef sink);

  // Pools that are owed (owed_pools.cpp).
  void owe(const Pool& pool, DeviceId device);
  bool pay(DeviceId device, std::uint32_t pool);
  void forgive(DeviceId device);
  void debt_paid(DeviceId device);
  std::size_t owed_by(DeviceId device) const;
  bool owes_too_many(DeviceId device) const;

  // Lives (pool_lives.cpp).
  void start(Pool& pool, std::uint64_t now_ns);
  void top_up(Pool& pool);
  void retire(Pool& pool, std::uint64_t now_ns);
  void lose_producer(Pool& pool, std::uint64_t now_ns);
  void settle(std::uint32_t pool, std::uint64_t now_ns);
  void settle_all(Bytes refs, std::uint64_t now_ns);
  void settle_touched(std::uint64_t now_ns);
  void close_to_readers(Pool& pool, std::uint64_t now_ns);
  void lose_reader(Pool& pool, DeviceId device);
  void remove(std::uint32_t pool);
  void forget_sink(PortRef sink, std::uint64_t now_ns);
  void overdue(Pool& pool, std::uint64_t now_ns);
  void let_off(Pool& pool, std::uint64_t now_ns);
  void set_due(Pool& pool, std::uint64_t due_ns);
  void touch(Pool& pool);
  std::vector<std::uint32_t> pools_by_number() const;

  bool is_crowded(std::uint32_t pool, PortRef source) const;
  Pool* find(std::uint32_t pool);

  MemoryHost& host_;
  Worker& worker_;
  std::uint64_t bytes_max_;
  Ledger ledger_;
  Pools pools_;
  std::map<PortRef, PortBook> ports_;
  std::set<std::pair<std::uint64_t, std::uint32_t>> dues_;  // when → pool
  std::vector<std::uint32_t> touched_;    // pools that calls of the router changed
  std::map<PortRef, Roomless> roomless_;  // sinks that were refused, and not told of room since
  std::map<std::uint32_t, detail::OwedPool> owed_;
  std::size_t pools_beside_ = 0;  // for a single use, or on their way out
  std::uint32_t last_pool_ = 0;
  std::uint64_t exhausted_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace dkvm
