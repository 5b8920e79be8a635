#pragma once

#include "pipelines/entry.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace dkvm::detail {

// A run of entries in arrival order. Places are numbered for ever from 1, and
// an entry keeps its number until the lane closes its gaps (Edge::motion_at
// follows it). Memory comes with use and goes when it was idle.
class Lane {
 public:
  Lane() = default;
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // A new last entry, with edge null and nothing else set.
  Entry& push() {
    if (tail_ - head_ == capacity()) make_room();
    Entry& entry = at(tail_++);
    entry.edge = nullptr;
    entry.far = nullptr;
    entry.code = 0;
    entry.down = entry.made = entry.chained = entry.apart = false;
    return entry;
  }
  // Takes back the latest push.
  void unpush() { --tail_; }

  // The first live entry, or null.
  Entry* front() {
    trim();
    return head_ == tail_ ? nullptr : &at(head_);
  }
  // Marks an entry as gone; its body was freed.
  void kill(Entry& entry) {
    entry.edge = nullptr;
    ++dead_;
    trim();
  }

  bool empty() const { return live() == 0; }
  std::size_t live() const { return static_cast<std::size_t>(tail_ - head_) - dead_; }

  std::uint64_t begin() const { return head_; }
  std::uint64_t end() const { return tail_; }
  Entry& at(std::uint64_t place) { return entries_[place & mask_]; }

  // The live ones in their order; the visitor may kill the one it is at.
  template <class Visit>
  void each(Visit visit) {
    for (std::uint64_t place = head_; place < tail_; ++place)
      if (Entry& entry = at(place); entry.edge != nullptr) visit(entry);
  }

  // Motion may be merged into places from here on: nothing that must stay in
  // order with it came later.
  std::uint64_t barrier() const { return barrier_; }
  void set_barrier(std::uint64_t place) { barrier_ = place; }

  std::size_t capacity() const { return entries_ ? static_cast<std::size_t>(mask_ + 1) : 0; }
  // Gives all memory back; only for an empty lane.
  void shrink();

  std::uint64_t used_ns = 0;  // when something was last put in

 private:
  void make_room();
  void close_gaps();
  void grow();
  void trim() {
    while (head_ != tail_ && at(head_).edge == nullptr) {
      ++head_;
      --dead_;
    }
  }

  std::unique_ptr<Entry[]> entries_;
  std::uint64_t mask_ = 0;
  std::uint64_t head_ = 1;
  std::uint64_t tail_ = 1;
  std::uint64_t barrier_ = 1;
  std::size_t dead_ = 0;  // places between head_ and tail_ without an entry
};

// Lanes at or below this keep their memory.
inline constexpr std::size_t kLaneKeptEntries = 16;

}  // namespace dkvm::detail
