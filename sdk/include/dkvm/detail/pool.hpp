#pragma once

#include <dkvm/detail/mapping_linux.hpp>
#include <dkvm/frame.hpp>
#include <dkvm/pool.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace dkvm::detail {

struct Pool;

// Whom a producer's pool tells what becomes of its slots.
class PoolHome {
 public:
  // A slot of a pool of one came back unpublished.
  virtual void give_back(const Pool& pool, const wire::BufferRef& slot) = 0;
  // The kernel wants the pool closed, and the last slot has left the device's hands.
  virtual void all_slots_gone(Pool& pool) = 0;

 protected:
  ~PoolHome() = default;
};

// One pool in this process. Handles of its slots and buffers share it, so that
// no span outlives its memory.
struct Pool {
  std::uint32_t id = 0;
  bool writable = false;
  std::uint16_t port = 0;
  std::size_t slot_count = 0;
  std::size_t stride = 0;
  std::uint32_t share = 0;  // a consumer's
  Mapping mapping{};

  // A producer's.
  std::shared_ptr<const PoolOptions> options{};  // shared by all pools of one open_pool()
  std::uint64_t ticket = 0;                      // which open_pool() it is of
  bool single = false;                           // of allocate(): one slot, once
  bool closing = false;
  bool replaced = false;                 // closed, whoever still holds slots of it
  std::uint64_t grace = 0;               // the timer until then, while it is closing
  std::vector<wire::BufferRef> stock{};  // granted and in nobody's hands
  std::size_t in_hands = 0;
  PoolHome* home = nullptr;

  // True when the bytes lie within their slot.
  bool holds(const wire::BufferRef& ref) const {
    if (ref.slot() >= slot_count) return false;
    const std::size_t begin = ref.slot() * stride;
    return ref.offset() >= begin && ref.offset() - begin <= stride &&
           ref.length() <= stride - (ref.offset() - begin);
  }

  // Shape: a ref that it holds
  std::span<std::byte> bytes(const wire::BufferRef& ref) const {
    return mapping.bytes().subspan(ref.offset(), ref.length());
  }

  PoolView view(int fd) const {
    return {id, fd, mapping.bytes(), options ? options->slot_bytes : 0, stride, slot_count};
  }

  // A slot has left the device's hands: unpublished, or with its event.
  void put_back(const wire::BufferRef& slot) {
    if (!closing && !single) stock.push_back(slot);
    if (!closing && single && home != nullptr) home->give_back(*this, slot);
    published();
  }
  void published() {
    if (--in_hands == 0 && closing && home != nullptr) home->all_slots_gone(*this);
  }
};

}  // namespace dkvm::detail
