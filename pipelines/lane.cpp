#include "pipelines/lane.hpp"

#include "pipelines/edge.hpp"
#include "pipelines/expect.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace dkvm::detail {

static_assert(std::is_trivially_copyable_v<Entry>);

void Lane::make_room() {
  trim();
  if (tail_ - head_ < capacity()) return;
  if (dead_ > capacity() / 4) {
    close_gaps();
  } else {
    grow();
  }
}

void Lane::close_gaps() {
  std::uint64_t to = head_;
  for (std::uint64_t from = head_; from != tail_; ++from) {
    Entry& entry = at(from);
    if (entry.edge == nullptr) continue;
    const bool motion = entry.header.topic() == id_of(wire::Topic::pointer_motion);
    if (motion && entry.edge->motion_at == from) entry.edge->motion_at = to;
    if (barrier_ == from) barrier_ = to;
    if (to != from) at(to) = entry;
    ++to;
  }
  // A barrier at a gap or at the end: nothing so far may be merged into.
  barrier_ = barrier_ > to ? to : barrier_;
  tail_ = to;
  dead_ = 0;
}

void Lane::grow() {
  constexpr std::size_t kFirstEntries = 4;
  const std::size_t room = capacity() == 0 ? kFirstEntries : capacity() * 2;
  auto entries = std::make_unique_for_overwrite<Entry[]>(room);
  const std::uint64_t mask = room - 1;
  for (std::uint64_t place = head_; place != tail_; ++place) entries[place & mask] = at(place);
  entries_ = std::move(entries);
  mask_ = mask;
}

void Lane::shrink() {
  expect(live() == 0, "only an empty lane shrinks");
  head_ = tail_;
  dead_ = 0;
  entries_.reset();
  mask_ = 0;
}

}  // namespace dkvm::detail
