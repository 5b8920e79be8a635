#include "kernel/memory_manager/pool_books.hpp"

#include "kernel/loop/assert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace dkvm {

PoolBooks::PoolBooks(std::uint32_t pool, const PoolShape& shape)
    : pool_(pool), shape_(shape), slots_(shape.slots), free_(shape.slots) {
  DKVM_ASSERT(shape.slots > 0 && shape.slot_bytes > 0 && shape.stride >= shape.slot_bytes);
  std::iota(free_.rbegin(), free_.rend(), 0U);
}

const PoolBooks::Sink* PoolBooks::sink(PortRef port) const {
  const auto found = std::ranges::find(sinks_, port, &Sink::port);
  return found == sinks_.end() ? nullptr : &*found;
}

PoolBooks::Sink* PoolBooks::find(PortRef port) { return const_cast<Sink*>(sink(port)); }

std::string PoolBooks::described(const wire::BufferRef& ref) const {
  return fmt::format("pool {}, slot {}, generation {}", pool_, ref.slot(), ref.generation());
}

// --- producers -----------------------------------------------------------------

wire::BufferRef PoolBooks::grant() {
  DKVM_ASSERT(!free_.empty());
  const std::uint32_t index = free_.back();
  free_.pop_back();
  Slot& slot = slots_[index];
  slot.state = SlotState::writing;
  ++slot.generation;
  ++writing_;
  return {pool_,
          index,
          slot.generation,
          static_cast<std::uint16_t>(shape_.memory),
          0,
          index * shape_.stride,
          shape_.slot_bytes};
}

bool PoolBooks::leases_of_device(DeviceId device, std::uint32_t slot) const {
  return std::ranges::any_of(sinks_, [&](const Sink& sink) {
    return sink.port.device == device && sink.slot_leases[slot] > 0;
  });
}

Result<> PoolBooks::check_publish(PortRef from, const wire::BufferRef& ref) const {
  const auto wrong = [&](const std::string& what) {
    return fail(Errc::corrupt, fmt::format("it published {}, {}", described(ref), what));
  };
  if (ref.slot() >= shape_.slots)
    return wrong(fmt::format("expected a slot below {}", shape_.slots));
  if (ref.memory() != static_cast<std::uint16_t>(shape_.memory))
    return wrong(fmt::format("as memory of kind {}, expected {}", ref.memory(),
                             static_cast<std::uint16_t>(shape_.memory)));
  const Slot& slot = slots_[ref.slot()];
  const bool writes = slot.state == SlotState::writing && from.device == shape_.source.device;
  if (writes && from.port != shape_.source.port)
    return wrong(fmt::format("from port {}, expected port {}, whose pool it is", from.port,
                             shape_.source.port));
  if (!writes && !leases_of_device(from.device, ref.slot()))
    return wrong("expected a slot that it was granted or a buffer that it holds");
  if (ref.generation() != slot.generation)
    return wrong(fmt::format("expected generation {}", slot.generation));
  const std::uint64_t start = ref.slot() * shape_.stride;
  if (ref.offset() < start || ref.offset() - start >= shape_.slot_bytes || ref.length() == 0 ||
      ref.length() > shape_.slot_bytes - (ref.offset() - start))
    return wrong(fmt::format("{} bytes from {} on, expected 1 to {} bytes from {} on", ref.length(),
                             ref.offset(), shape_.slot_bytes, start));
  return {};
}

Result<> PoolBooks::check_writing(const wire::BufferRef& ref) const {
  if (ref.slot() < shape_.slots && slots_[ref.slot()].state == SlotState::writing &&
      slots_[ref.slot()].generation == ref.generation())
    return {};
  return fail(Errc::invalid,
              fmt::format("{} is not with its producer, expected a slot that was granted and is "
                          "not published",
                          described(ref)));
}

void PoolBooks::publish(std::uint32_t index) {
  Slot& slot = slots_[index];
  DKVM_ASSERT(slot.state != SlotState::free);
  if (slot.state == SlotState::writing) --writing_;
  slot.state = SlotState::published;
  ++slot.holds;
}

void PoolBooks::settle(std::uint32_t index) {
  DKVM_ASSERT(slots_[index].holds > 0);
  --slots_[index].holds;
  free_if_unused(index);
}

void PoolBooks::give_back(std::uint32_t index) {
  DKVM_ASSERT(slots_[index].state == SlotState::writing);
  --writing_;
  make_free(index);
}

void PoolBooks::end_writing() {
  for (std::uint32_t index = 0; index < shape_.slots && writing_ > 0; ++index)
    if (slots_[index].state == SlotState::writing) give_back(index);
}

void PoolBooks::make_free(std::uint32_t index) {
  slots_[index].state = SlotState::free;
  free_.push_back(index);
}

void PoolBooks::free_if_unused(std::uint32_t index) {
  const Slot& slot = slots_[index];
  if (slot.state == SlotState::published && slot.holds == 0 && slot.leases == 0) make_free(index);
}

// --- sinks ---------------------------------------------------------------------

PoolBooks::Sink& PoolBooks::at(PortRef port) {
  Sink* found = find(port);
  if (found == nullptr) {
    Sink fresh;
    fresh.port = port;
    fresh.slot_leases.resize(shape_.slots);
    found = &sinks_.emplace_back(std::move(fresh));
  }
  found->gone = false;
  return *found;
}

void PoolBooks::set_share(PortRef port, Share share) { at(port).share = share; }

// An event with more buffers than a share may still pass, alone.
bool PoolBooks::room(const Sink& sink, std::uint32_t buffers) const {
  if (sink.share.queued == 0) return false;
  return sink.held == 0 || sink.held + buffers <= sink.share.queued;
}

bool PoolBooks::may_lease(const Sink& sink, std::uint32_t buffers) const {
  return sink.leased == 0 || sink.leased + buffers <= sink.share.leases;
}

void PoolBooks::hold(Sink& sink, std::uint32_t index) {
  DKVM_ASSERT(slots_[index].state == SlotState::published);
  ++slots_[index].holds;
  ++sink.held;
}

void PoolBooks::drop(PortRef port, std::uint32_t index) {
  Sink* account = find(port);
  DKVM_ASSERT(account != nullptr && account->held > 0 && slots_[index].holds > 0);
  --slots_[index].holds;
  --account->held;
  free_if_unused(index);
  erase_if_gone(port);
}

void PoolBooks::lease(Sink& sink, std::uint32_t index) {
  DKVM_ASSERT(slots_[index].holds > 0 && sink.held > 0);
  --slots_[index].holds;
  --sink.held;
  retain(sink, index);
}

void PoolBooks::retain(Sink& sink, std::uint32_t index) {
  DKVM_ASSERT(slots_[index].state == SlotState::published);
  ++slots_[index].leases;
  ++sink.leased;
  ++sink.slot_leases[index];
}

Result<> PoolBooks::check_leased(PortRef port, const wire::BufferRef& ref) const {
  const auto wrong = [&](const std::string& what) {
    return fail(Errc::corrupt,
                fmt::format("it released {} on port {}, {}", described(ref), port.port, what));
  };
  if (ref.slot() >= shape_.slots)
    return wrong(fmt::format("expected a slot below {}", shape_.slots));
  const Sink* account = sink(port);
  if (account == nullptr || account->slot_leases[ref.slot()] == 0)
    return wrong("expected a buffer that this port holds");
  if (ref.generation() != slots_[ref.slot()].generation)
    return wrong(fmt::format("expected generation {}", slots_[ref.slot()].generation));
  return {};
}

void PoolBooks::release(PortRef port, std::uint32_t index) {
  Sink* account = find(port);
  DKVM_ASSERT(account != nullptr && account->slot_leases[index] > 0);
  --account->slot_leases[index];
  --account->leased;
  --slots_[index].leases;
  free_if_unused(index);
}

void PoolBooks::forget(PortRef port) {
  Sink* account = find(port);
  if (account == nullptr) return;
  for (std::uint32_t index = 0; index < shape_.slots && account->leased > 0; ++index)
    while (account->slot_leases[index] > 0) release(port, index);
  account->share = kGuestShare;
  account->starved = false;
  account->gone = true;
  erase_if_gone(port);
}

void PoolBooks::erase_if_gone(PortRef port) {
  Sink* account = find(port);
  if (!account->gone || account->held > 0) return;
  DKVM_ASSERT(account->leased == 0);
  if (account != &sinks_.back()) *account = std::move(sinks_.back());
  sinks_.pop_back();
}

bool PoolBooks::fed(PortRef port) {
  Sink* account = find(port);
  if (account == nullptr || !account->starved || !may_lease(*account, 1)) return false;
  account->starved = false;
  return true;
}

void PoolBooks::audit() const {
  std::uint64_t holds = 0, leases = 0, held = 0, leased = 0;
  std::uint32_t unused = 0, with_producer = 0;
  for (std::uint32_t index = 0; index < shape_.slots; ++index) {
    const Slot& slot = slots_[index];
    const bool used = slot.holds > 0 || slot.leases > 0;
    DKVM_ASSERT(used == (slot.state == SlotState::published));
    unused += slot.state == SlotState::free;
    with_producer += slot.state == SlotState::writing;
    holds += slot.holds;
    leases += slot.leases;
    std::uint32_t of_sinks = 0;
    for (const Sink& each : sinks_) of_sinks += each.slot_leases[index];
    DKVM_ASSERT(of_sinks == slot.leases);
  }
  for (const Sink& each : sinks_) {
    held += each.held;
    leased += each.leased;
  }
  DKVM_ASSERT(unused == free() && with_producer == writing_);
  DKVM_ASSERT(held <= holds && leased == leases);
}

}  // namespace dkvm
