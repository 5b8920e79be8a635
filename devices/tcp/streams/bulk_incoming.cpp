#include "devices/tcp/streams/bulk_incoming.hpp"

#include <dkvm/log.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace dkvm::tcp {

void BulkIncoming::opened() {
  port_->on_slots([this] { grant(); });
  port_->on_pool_refused([this](const Error& why) {
    log_warning("link/" + address() + ": no memory for what the peer sends: " + why.message());
    charge(0);
    shared_.signal(wire::FrameKind::pool_close, offer_.id);
  });
  bulk_changed();
}

Result<> BulkIncoming::event(const Frame& event) {
  if (event.header.sequence() == 0) return let_go(event);
  return fail(Errc::corrupt, "the peer sent an event of a bulk stream on the input connection");
}

Result<> BulkIncoming::chunk(const Frame&) {
  return fail(Errc::corrupt, "the peer sent a chunk of a bulk stream on the input connection");
}

unsigned BulkIncoming::slots_for(std::uint64_t bytes) const {
  return bytes > kSmallBytes ? kSlots : kSmallSlots;
}

// Notes the size of the slots that this stream has or asks for.
void BulkIncoming::charge(std::uint64_t slot_bytes) {
  slot_bytes_ = slot_bytes;
  shared_.pool_bytes -= charged_bytes_;
  charged_bytes_ = slot_bytes * slots_for(slot_bytes);
  shared_.pool_bytes += charged_bytes_;
}

// The budget is the peer's, for all its streams; that the kernel's is not exceeded the kernel sees
// to.
Result<> BulkIncoming::need(std::uint64_t slot_bytes) {
  if (slot_bytes == 0) return fail(Errc::corrupt, "the peer wants slots of 0 bytes");
  if (!port_) return {};
  const std::uint64_t wanted = std::max(slot_bytes, kSlotBytesMin);
  const std::uint64_t others = shared_.pool_bytes - charged_bytes_;
  const std::uint64_t left =
      shared_.rules.buffer_bytes - std::min(others, shared_.rules.buffer_bytes);
  if (wanted > left / slots_for(wanted)) {
    shared_.signal(wire::FrameKind::pool_close, offer_.id);
    return {};
  }
  if (wanted <= slot_bytes_) {
    grant();  // they are on their way
    return {};
  }
  charge(wanted);
  [[maybe_unused]] const auto asked =
      port_->open_pool({.slot_bytes = wanted, .slots = slots_for(wanted)});
  return {};
}

void BulkIncoming::bulk_changed() {
  if (bulk_ && bulk_ != shared_.bulk_id) {
    // The thread is done with the old connection, or will say so.
    shared_.loans.park(*bulk_, std::move(vessels_));
    vessels_.clear();
    bulk_.reset();
  }
  if (!shared_.bulk_id || !port_) return;
  if (!bulk_) {
    shared_.bulk.open(*shared_.bulk_id, offer_.id);
    last_number_ = 0;
  }
  bulk_ = shared_.bulk_id;
  grant();
}

// Hands every slot that is free to the bulk thread, which tells the peer.
void BulkIncoming::grant() {
  if (!bulk_ || slot_bytes_ == 0) return;
  std::vector<Vessel> granted;
  while (granted.size() < kBuffersPerFrameMax) {
    auto slot = port_->borrow();
    if (!slot) break;
    const std::uint32_t number = ++last_number_;
    granted.push_back({number, slot->bytes()});
    vessels_.emplace(number, std::move(*slot));
  }
  if (!granted.empty()) shared_.bulk.stock(*bulk_, offer_.id, std::move(granted));
}

Result<> BulkIncoming::arrived(const Arrival& arrival) {
  FrameDecoder decoder(arrival.event);
  Frame event;
  decoder.next(event);  // the reader took it whole
  Slot slot;
  if (arrival.vessel != 0) {
    const auto found = vessels_.find(arrival.vessel);
    if (found == vessels_.end()) return {};
    slot = std::move(found->second);
    // Lower numbers were passed over: they are not used any more.
    vessels_.erase(vessels_.begin(), std::next(found));
  }
  DKVM_TRY(const auto admitted, admit(event));
  if (admitted && slot)
    relay_body(*admitted, std::move(slot), arrival.body_bytes);
  else if (admitted)
    relay(*admitted);
  slot = {};
  grant();
  return {};
}

// A pool may have been replaced while the body came: whoever joined needs a larger
// one. Its slots are dead after a while, their bytes are not.
void BulkIncoming::relay_body(const Admitted& admitted, Slot slot, std::uint64_t bytes) {
  const std::span<const std::byte> body = slot.bytes().first(bytes);
  if (!slot.replaced()) {
    if (relay(admitted, std::move(slot), bytes)) return;
  } else if (auto other = port_->borrow(); other && other->bytes().size() >= bytes) {
    std::copy(body.begin(), body.end(), other->bytes().begin());
    if (relay(admitted, std::move(*other), bytes)) return;
  } else {
    ++shared_.drops.late;
  }
  want_refresh();
}

void BulkIncoming::want_refresh() {
  Refresh refresh;
  refresh.what = wire::RefreshWhat::frame;
  say_upstream(refresh);
}

// A wish of our sinks may have been lost with the connection.
void BulkIncoming::tell_again() {
  Incoming::tell_again();
  if (port_) want_refresh();
}

void BulkIncoming::closing() {
  charge(0);
  if (!bulk_) return;
  const std::uint64_t token = shared_.loans.park(*bulk_, std::move(vessels_));
  vessels_.clear();
  shared_.bulk.close(*bulk_, offer_.id, token);
  bulk_.reset();
}

}  // namespace dkvm::tcp
