#pragma once

#include <dkvm/out_port.hpp>

#include <cstddef>
#include <utility>

namespace dkvm::media {

// Slots for what changes its size: one pool of a port, as large as the largest so far, so
// that sizes that alternate cost no further pools.
// Life: the port outlives this
class GrowingPool {
 public:
  explicit GrowingPool(OutPort& port) : port_(port) {}

  // From now on slots hold options.slot_bytes at least. Another pool is asked for when
  // the one that is there has smaller ones.
  // Errors: those of OutPort::open_pool()
  Result<> fit(PoolOptions options) {
    if (options.slot_bytes <= asked_bytes_) return {};
    const std::size_t bytes = options.slot_bytes;
    DKVM_CHECK(port_.open_pool(std::move(options)));
    asked_bytes_ = bytes;
    return {};
  }
  // The next fit() asks for another pool, whatever is there.
  void forget() { asked_bytes_ = 0; }
  // The kernel has refused: what was there before serves on.
  void on_refused() { asked_bytes_ = had_bytes_; }

  std::size_t slot_bytes() const { return asked_bytes_; }

  // Errors: Errc::exhausted
  Result<Slot> borrow() {
    auto slot = port_.borrow();
    if (slot) had_bytes_ = slot->bytes().size();
    return slot;
  }

 private:
  OutPort& port_;
  std::size_t asked_bytes_ = 0;
  std::size_t had_bytes_ = 0;  // of the pool that was in use last
};

}  // namespace dkvm::media
