#pragma once

#include "devices/tcp/streams/incoming.hpp"

#include <map>

namespace dkvm::tcp {

// Pictures, packets and whatever is large: read by the bulk thread to slots that
// the peer was granted ahead.
class BulkIncoming final : public Incoming {
 public:
  using Incoming::Incoming;
  ~BulkIncoming() override { BulkIncoming::closing(); }

  bool on_bulk() const override { return true; }
  Result<> event(const Frame& event) override;
  Result<> chunk(const Frame& chunk) override;
  Result<> need(std::uint64_t slot_bytes) override;
  void bulk_changed() override;
  void tell_again() override;

  // An event with its body, from the bulk thread.
  // Errors: Errc::corrupt.
  Result<> arrived(const Arrival& arrival);

 private:
  void opened() override;
  void closing() override;
  void grant();
  void relay_body(const Admitted& admitted, Slot slot, std::uint64_t bytes);
  void want_refresh();
  void charge(std::uint64_t slot_bytes);
  unsigned slots_for(std::uint64_t bytes) const;

  static constexpr unsigned kSlots = 3;
  static constexpr unsigned kSmallSlots = 8;
  static constexpr std::uint64_t kSmallBytes = 64 * 1024;
  static constexpr std::uint64_t kSlotBytesMin = 4 * 1024;

  std::uint64_t slot_bytes_ = 0;     // of the pool that is there or asked for
  std::uint64_t charged_bytes_ = 0;  // to the peer's budget
  std::uint32_t last_number_ = 0;
  std::map<std::uint32_t, Slot> vessels_;  // with the bulk thread, by number
  std::optional<BulkId> bulk_;             // the connection that they are with
};

}  // namespace dkvm::tcp
