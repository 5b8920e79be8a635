#pragma once

#include <dkvm/buffers.hpp>
#include <dkvm/detail/pool_table.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace dkvm::detail {

// The buffers of one event while its handler runs; what it has not kept goes
// back when it has returned.
class Delivery {
 public:
  // Life: all of it outlives this. Shape: a frame that Pools::check() has seen
  Delivery(const Frame& frame, const PoolTable& pools, const std::shared_ptr<Returns>& returns)
      : frame_(frame), pools_(pools), returns_(returns) {}
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;
  ~Delivery() {
    for (std::size_t i = 0; i < frame_.header.buffer_count(); ++i) {
      if ((kept_ >> i & 1) != 0) continue;
      const wire::BufferRef ref = frame_.buffer(i);
      const auto pool = pools_.find(ref.pool());
      returns_->add(ref, pool ? pool->share : 0);
    }
  }

  Bytes bytes(std::size_t index) const {
    if (index >= frame_.header.buffer_count()) return {};
    const wire::BufferRef ref = frame_.buffer(index);
    const auto pool = pools_.find(ref.pool());
    return pool ? pool->bytes(ref) : Bytes{};
  }

  Lease keep(std::size_t index) {
    if (index >= frame_.header.buffer_count() || (kept_ >> index & 1) != 0) return {};
    kept_ |= 1u << index;
    const wire::BufferRef ref = frame_.buffer(index);
    return Lease(pools_.find(ref.pool()), returns_, ref);
  }

 private:
  static_assert(kBuffersPerFrameMax <= 32, "a bit each");

  const Frame& frame_;
  const PoolTable& pools_;
  const std::shared_ptr<Returns>& returns_;  // shared with the leases
  std::uint32_t kept_ = 0;
};

}  // namespace dkvm::detail
