#pragma once

#include "pipelines/buffer_account.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace dkvm::test {

// The books of buffers, kept exactly: each buffer that waits for a sink or is
// with it, and whatever the router tells that cannot be.
class FakeAccount final : public BufferAccount {
 public:
  // Of each pool, for a sink's port; what is not set is not limited.
  struct Share {
    std::size_t leases = ~std::size_t{0};
    std::size_t queued = ~std::size_t{0};
  };
  std::map<PortRef, Share> shares;
  std::set<PortRef> refused;  // and not told of room since
  std::vector<std::string> faults;
  std::size_t asked = 0;  // calls of lease()

  // Whatever a test does: at the router's end nothing waits any more.
  ~FakeAccount() override {
    CHECK(faults == std::vector<std::string>{});
    CHECK(held_.empty());
  }

  bool room(PortRef sink, Bytes refs) override {
    const std::uint32_t pool = ref_at(refs, 0).pool();
    const bool room = count(held_, sink, pool) + count_of(refs) <= shares[sink].queued;
    if (!room) refused.insert(sink);
    return room;
  }

  void hold(PortRef sink, Bytes refs) override { move(refs, sink, nullptr, &held_, "hold"); }
  void drop(PortRef sink, Bytes refs) override { move(refs, sink, &held_, nullptr, "drop"); }
  bool lease(PortRef sink, Bytes refs) override {
    ++asked;
    const std::uint32_t pool = ref_at(refs, 0).pool();
    const std::size_t leased = count(leased_, sink, pool);
    if (leased != 0 && leased + count_of(refs) > shares[sink].leases) {
      refused.insert(sink);
      return false;
    }
    move(refs, sink, &held_, &leased_, "lease");
    return true;
  }

  // The sink releases what it has of a pool, or everything. True when the
  // router must be told.
  bool release(PortRef sink, std::uint32_t pool) {
    std::erase_if(leased_, [&](const auto& each) {
      return std::get<0>(each.first) == sink && std::get<1>(each.first) == pool;
    });
    return refused.erase(sink) != 0;
  }
  bool release(PortRef sink) {
    std::erase_if(leased_, [&](const auto& each) { return std::get<0>(each.first) == sink; });
    return refused.erase(sink) != 0;
  }

  std::size_t held() const { return held_.size(); }
  std::size_t leased(PortRef sink) const {
    std::size_t sum = 0;
    for (const auto& [key, times] : leased_) sum += std::get<0>(key) == sink ? times : 0;
    return sum;
  }

 private:
  using Key = std::tuple<PortRef, std::uint32_t, std::uint32_t, std::uint32_t>;
  using Books = std::map<Key, std::size_t>;

  static wire::BufferRef ref_at(Bytes refs, std::size_t index) {
    return read_struct<wire::BufferRef>(refs, index);
  }
  static std::size_t count_of(Bytes refs) { return refs.size() / kBufferRefBytes; }
  static std::size_t count(const Books& books, PortRef sink, std::uint32_t pool) {
    std::size_t sum = 0;
    for (const auto& [key, times] : books) {
      if (std::get<0>(key) == sink && std::get<1>(key) == pool) sum += times;
    }
    return sum;
  }

  void move(Bytes refs, PortRef sink, Books* from, Books* to, const char* what) {
    if (refs.empty()) faults.push_back(std::string(what) + " without buffers");
    for (std::size_t i = 0; i < count_of(refs); ++i) {
      const wire::BufferRef ref = ref_at(refs, i);
      const Key key{sink, ref.pool(), ref.slot(), ref.generation()};
      if (from != nullptr) {
        const auto at = from->find(key);
        if (at == from->end()) {
          faults.push_back(std::string(what) + " of what is not held");
          continue;
        }
        if (--at->second == 0) from->erase(at);
      }
      if (to != nullptr) ++(*to)[key];
    }
  }

  Books held_;
  Books leased_;
};

}  // namespace dkvm::test
