#pragma once

#include "pipelines/port.hpp"

#include <dkvm/wire/frame_generated.h>
#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace dkvm {

// Buffers of a pool that a sink may hold, and that may wait for it.
struct Share {
  std::uint32_t leases = 0;
  std::uint32_t queued = 0;

  bool operator==(const Share&) const = default;
  std::uint32_t slots() const { return leases + queued; }
};

// What a sink has of a pool that was not sized for it.
inline constexpr Share kGuestShare{1, 0};

struct PoolShape {
  PortRef source;  // whose pool it is
  wire::MemoryKind memory = wire::MemoryKind::memfd;
  std::uint32_t slots = 0;
  std::uint64_t slot_bytes = 0;  // that may be used
  std::uint64_t stride = 0;      // from slot to slot, in whole pages

  std::uint64_t bytes() const { return slots * stride; }
};

// The books of one pool: each slot is free, with its producer, or published,
// which lasts as long as queues hold it or sinks lease it.
// Pure. What comes from outside is checked by check_*() first; the calls that
// change the books assert it. Nothing is allocated but by a sink's first call.
class PoolBooks {
 public:
  enum class SlotState : std::uint8_t { free, writing, published };

  struct Slot {
    SlotState state = SlotState::free;
    std::uint32_t generation = 0;
    std::uint32_t holds = 0;   // of queues, and of the call that publishes it
    std::uint32_t leases = 0;  // of all sinks
  };

  struct Sink {
    PortRef port;
    Share share = kGuestShare;
    std::uint32_t held = 0;
    std::uint32_t leased = 0;
    bool starved = false;                    // a lease was refused since it had room
    bool gone = false;                       // only its queue's holds are left
    std::vector<std::uint16_t> slot_leases;  // of each slot
  };

  PoolBooks(std::uint32_t pool, const PoolShape& shape);

  std::uint32_t pool() const { return pool_; }
  const PoolShape& shape() const { return shape_; }
  const Slot& slot(std::uint32_t slot) const { return slots_[slot]; }
  std::uint32_t free() const { return static_cast<std::uint32_t>(free_.size()); }
  std::uint32_t writing() const { return writing_; }
  // Nothing is queued, leased or being published.
  bool drained() const { return free() + writing_ == shape_.slots; }
  std::span<const Sink> sinks() const { return sinks_; }
  const Sink* sink(PortRef port) const;

  // --- producers ---------------------------------------------------------------

  // Gives the producer a free slot under a new generation; there must be one.
  wire::BufferRef grant();
  // Whether the device may publish this: a slot that it has been granted, by
  // the pool's port, or a buffer that it leases; bytes within the slot.
  // Errors: Errc::corrupt, saying what was expected.
  Result<> check_publish(PortRef from, const wire::BufferRef& ref) const;
  // Errors: Errc::invalid, unless the slot is with the producer.
  Result<> check_writing(const wire::BufferRef& ref) const;
  void publish(std::uint32_t slot);  // with a hold, which settle() ends
  void settle(std::uint32_t slot);
  void give_back(std::uint32_t slot);  // unpublished
  void end_writing();                  // what the producer has is free again

  // --- sinks -------------------------------------------------------------------

  // The sink's account; a guest's when it is new.
  Sink& at(PortRef port);
  void set_share(PortRef port, Share share);
  bool room(const Sink& sink, std::uint32_t buffers) const;
  bool may_lease(const Sink& sink, std::uint32_t buffers) const;
  void hold(Sink& sink, std::uint32_t slot);
  void drop(PortRef sink, std::uint32_t slot);
  void lease(Sink& sink, std::uint32_t slot);  // what was held
  void retain(Sink& sink, std::uint32_t slot);
  // Errors: Errc::corrupt, unless the sink leases this very buffer.
  Result<> check_leased(PortRef port, const wire::BufferRef& ref) const;
  void release(PortRef port, std::uint32_t slot);
  // The sink is no more: its leases are given back.
  void forget(PortRef port);
  // True, once, when the sink was refused a lease and may ask again.
  bool fed(PortRef port);

  // Asserts that counts and slots agree; for tests.
  void audit() const;

 private:
  Sink* find(PortRef port);
  void free_if_unused(std::uint32_t slot);
  void make_free(std::uint32_t slot);
  bool leases_of_device(DeviceId device, std::uint32_t slot) const;
  void erase_if_gone(PortRef port);
  std::string described(const wire::BufferRef& ref) const;

  std::uint32_t pool_;
  PoolShape shape_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;  // the last one freed is granted first: its pages are warm
  std::uint32_t writing_ = 0;
  std::vector<Sink> sinks_;
};

}  // namespace dkvm
