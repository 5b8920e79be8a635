#pragma once

#include <dkvm/wire/control_generated.h>
#include <dkvm/detail/pool.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace dkvm::detail {

// The pools that a device has open in one of its two roles, by their number: one
// that reads what it produces has them in two tables.
class PoolTable {
 public:
  static constexpr std::size_t kPoolsMax = 1024;  // one more ends the device

  // Maps what pool_open speaks of; it is not in the table yet. `memory` is the
  // descriptor that came along, and is set for a pool with a name.
  // Errors: Errc::corrupt for a pool that is not what it says, Errc::exhausted
  //         without memory, Errc::not_found for a name that nobody has.
  Result<std::shared_ptr<Pool>> map(const wire::PoolOpenT& open, Fd& memory) const {
    DKVM_CHECK(check(open));
    const Access access = open.writable ? Access::write : Access::read;
    if (open.memory == wire::MemoryKind::named) {
      DKVM_TRY(memory, Mapping::open_named(open.name, access));
    } else if (!memory) {
      return fail(Errc::corrupt, "it came without its file descriptor");
    }
    auto pool = std::make_shared<Pool>();
    DKVM_TRY(pool->mapping, Mapping::of(memory, open.bytes, access));
    pool->id = open.pool;
    pool->writable = open.writable;
    pool->port = open.port;
    pool->slot_count = open.slot_count;
    pool->stride = open.slot_bytes;
    pool->share = open.share;
    return pool;
  }

  void add(const std::shared_ptr<Pool>& pool) { pools_[pool->id] = pool; }
  void remove(std::uint32_t id) { pools_.erase(id); }

  // Null when it is not open.
  std::shared_ptr<Pool> find(std::uint32_t id) const {
    const auto found = pools_.find(id);
    return found == pools_.end() ? nullptr : found->second;
  }

  std::vector<std::shared_ptr<Pool>> all() const {
    std::vector<std::shared_ptr<Pool>> pools;
    for (const auto& [id, pool] : pools_) pools.push_back(pool);
    return pools;
  }

 private:
  Result<> check(const wire::PoolOpenT& open) const {
    if (pools_.contains(open.pool)) return fail(Errc::corrupt, "it is open already");
    if (pools_.size() >= kPoolsMax)
      return fail(Errc::exhausted,
                  std::to_string(kPoolsMax) + " pools are open, which is the most");
    if (open.slot_count == 0 || open.slot_bytes == 0 ||
        open.slot_bytes > open.bytes / open.slot_count)
      return fail(Errc::corrupt, std::to_string(open.slot_count) + " slots of " +
                                     std::to_string(open.slot_bytes) + " bytes, expected some in " +
                                     std::to_string(open.bytes) + " bytes");
    return {};
  }

  std::unordered_map<std::uint32_t, std::shared_ptr<Pool>> pools_;  // shared with their handles
};

}  // namespace dkvm::detail
