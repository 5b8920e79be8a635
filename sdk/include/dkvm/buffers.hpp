#pragma once

#include <dkvm/detail/pool.hpp>
#include <dkvm/detail/returns.hpp>
#include <dkvm/pool.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

// Handles of buffers in shared memory. They are the device's thread's; other
// threads may use the bytes and nothing else. A handle may outlive its port and
// its context: its bytes stay mapped, and it says nothing to anyone any more.
namespace dkvm {

class OutPort;
namespace detail {
class Delivery;
class OwnPools;
}  // namespace detail

// A slot that this device writes: borrowed from an OutPort, published with an
// event. Dropped unpublished it goes back to the port's stock. Whoever joins may
// make the kernel replace the port's pool: a slot that is held for 500 ms after that
// is dead. Its bytes stay, publish() says Errc::invalid, and borrow() gives another.
class Slot {
 public:
  Slot() = default;
  Slot(Slot&& other) noexcept = default;
  Slot& operator=(Slot&& other) noexcept {
    if (this != &other) {
      drop();
      pool_ = std::move(other.pool_);
      ref_ = other.ref_;
    }
    return *this;
  }
  ~Slot() { drop(); }

  explicit operator bool() const { return pool_ != nullptr; }

  // Shape: slot_bytes of the pool (or those of allocate()), from a page's start on;
  //        what an earlier event left in them is still there
  // Life:  as long as the handle
  std::span<std::byte> bytes() const { return pool_ ? pool_->bytes(ref_) : std::span<std::byte>{}; }
  // Which pool and which of its slots: what a helper that is attached must know.
  std::uint32_t pool() const { return ref_.pool(); }
  std::uint32_t index() const { return ref_.slot(); }
  // Its pool was replaced and is gone by now: publishing it is refused.
  bool replaced() const { return pool_ && pool_->replaced; }

 private:
  Slot(std::shared_ptr<detail::Pool> pool, const wire::BufferRef& ref)
      : pool_(std::move(pool)), ref_(ref) {}

  void drop() {
    if (const auto pool = std::exchange(pool_, nullptr)) pool->put_back(ref_);
  }
  void published() {
    if (const auto pool = std::exchange(pool_, nullptr)) pool->published();
  }

  std::shared_ptr<detail::Pool> pool_;  // shared with the other handles of the pool
  wire::BufferRef ref_;

  friend class OutPort;
  friend class detail::OwnPools;
};

// A buffer that this device keeps beyond the event that brought it. It counts
// against the port's share until it is released, at the latest with its scope: a
// port that keeps its whole share gets no further buffers. Parts of a device that
// need the same one share its lease (std::shared_ptr), which counts once.
class Lease {
 public:
  Lease() = default;
  Lease(Lease&& other) noexcept = default;
  Lease& operator=(Lease&& other) noexcept {
    if (this != &other) {
      release();
      pool_ = std::move(other.pool_);
      returns_ = std::move(other.returns_);
      ref_ = other.ref_;
    }
    return *this;
  }
  ~Lease() { release(); }

  explicit operator bool() const { return returns_ != nullptr; }

  // Shape: what the event said of it; its producer may still write to it: copy
  //        what is parsed before it is looked at
  // Life:  until release()
  std::span<const std::byte> bytes() const {
    return pool_ ? pool_->bytes(ref_) : std::span<std::byte>{};
  }

  void release() {
    if (const auto returns = std::exchange(returns_, nullptr)) returns->give(ref_);
    pool_ = nullptr;
  }

 private:
  Lease(std::shared_ptr<detail::Pool> pool, std::shared_ptr<detail::Returns> returns,
        const wire::BufferRef& ref)
      : pool_(std::move(pool)), returns_(std::move(returns)), ref_(ref) {}

  std::shared_ptr<detail::Pool> pool_;        // shared with the other handles of the pool
  std::shared_ptr<detail::Returns> returns_;  // shared with the port and its other leases
  wire::BufferRef ref_;

  friend class OutPort;
  friend class detail::Delivery;
};

}  // namespace dkvm
