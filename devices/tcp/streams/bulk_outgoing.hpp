#pragma once

#include "devices/tcp/limits.hpp"
#include "devices/tcp/streams/outgoing.hpp"
#include "devices/tcp/streams/way_meter.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

namespace dkvm::tcp {

// Pictures, packets and whatever is large: on the bulk connection, each into a
// slot that the peer has granted.
class BulkOutgoing final : public Outgoing {
 public:
  BulkOutgoing(Shared& shared, StreamId id, WantedStream wanted);
  ~BulkOutgoing() override {
    if (shared_.bulk_id) shared_.bulk.drop(*shared_.bulk_id, id_);
  }

  bool on_bulk() const override { return true; }
  Result<> credit(const Granted& granted) override;
  void refused() override;
  void resumed() override { pump(); }
  void bulk_changed() override;
  void confirm(std::uint64_t sequence) override;
  void done(const Loans::Parcel& parcel) override;
  std::uint64_t queued_bytes() const override { return ahead_bytes_; }

 private:
  struct Waiting {
    std::vector<std::byte> event;  // as the peer gets it, its buffer unaddressed
    std::uint64_t sequence = 0;
    TopicId topic = 0;
    std::uint64_t body_bytes = 0;
    std::shared_ptr<Lease> lease{};  // shared with the loan
  };
  struct Credit {
    std::uint32_t number = 0;
    std::uint64_t bytes = 0;
  };

  bool carry(const Frame& event, const EventInfo& info) override;
  void pump();
  bool send_next();
  std::uint32_t slot_for(std::uint64_t bytes);
  bool supersedes(TopicId topic) const;
  void make_way();
  void tell_way();
  void drop(const Waiting& event);
  void lose(const Waiting& event);
  void want_refresh();
  void forget_sent();

  std::deque<Waiting> waiting_;
  std::map<std::uint64_t, Waiting> sent_;  // by sequence: bytes under way, or not to be lost
  std::deque<Credit> credits_;
  std::uint64_t asked_bytes_ = 0;    // slots of this size were asked for, 0: none are awaited
  std::uint64_t refused_bytes_ = 0;  // and the peer has none of this size or more; 0: it has
  std::uint64_t ahead_bytes_ = 0;
  WayMeter meter_;
  const bool takes_packets_;
  bool has_deltas_ = false;  // so far
  bool broken_ = false;      // deltas are useless until a whole one
};

}  // namespace dkvm::tcp
