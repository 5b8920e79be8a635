#pragma once

#include "devices/tcp/bulk/bulk_thread.hpp"

#include <dkvm/buffers.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace dkvm::tcp {

// Buffers that the bulk thread may be touching: they are kept until it says that
// it does not, however long their streams live.
class Loans {
 public:
  struct Parcel {
    StreamId stream = 0;
    std::uint64_t sequence = 0;
    std::uint64_t bytes = 0;
  };

  // Returns the parcel's token. No lease: an event without a body.
  std::uint64_t lend(BulkId bulk, Parcel parcel, std::shared_ptr<Lease> lease) {
    parcels_.emplace(++last_token_, Lent{bulk, parcel, std::move(lease)});
    return last_token_;
  }
  // What it was; nothing for one that is over already.
  std::optional<Parcel> done(std::uint64_t token) {
    const auto found = parcels_.extract(token);
    if (found.empty()) return std::nullopt;
    return found.mapped().parcel;
  }

  // Vessels of a stream that closes, until the thread knows; returns their token.
  std::uint64_t park(BulkId bulk, std::map<std::uint32_t, Slot> slots) {
    vessels_.emplace(++last_token_, Parked{bulk, std::move(slots)});
    return last_token_;
  }
  void stream_closed(std::uint64_t token) { vessels_.erase(token); }

  void closed(BulkId bulk) {
    std::erase_if(parcels_, [=](const auto& entry) { return entry.second.bulk == bulk; });
    std::erase_if(vessels_, [=](const auto& entry) { return entry.second.bulk == bulk; });
  }

 private:
  struct Lent {
    BulkId bulk;
    Parcel parcel;
    std::shared_ptr<Lease> lease;  // shared with its stream, which may send it again
  };

  struct Parked {
    BulkId bulk;
    std::map<std::uint32_t, Slot> slots;
  };

  std::uint64_t last_token_ = 0;
  std::map<std::uint64_t, Lent> parcels_;
  std::map<std::uint64_t, Parked> vessels_;
};

}  // namespace dkvm::tcp
