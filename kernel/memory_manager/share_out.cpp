// Who may have how many slots of a pool, as consumers come and go.
#include "kernel/memory_manager/memory_manager.hpp"

#include <algorithm>
#include <utility>

namespace dkvm {
namespace {

const Share* share_of(const Sizing& sizing, PortRef sink) {
  const auto found = std::ranges::lower_bound(sizing.shares, sink, {}, &SinkShare::sink);
  return found != sizing.shares.end() && found->sink == sink ? &found->share : nullptr;
}

bool covers(Share share, Share least) {
  return share.leases >= least.leases && share.queued >= least.queued;
}

// What is spoken for: the writer's, shares, and what sinks hold beyond theirs.
std::uint32_t slots_in_use(const detail::KeptPool& pool) {
  std::uint32_t used = pool.writer;
  for (const PoolBooks::Sink& sink : pool.books->sinks()) {
    const bool guest = sink.share.queued == 0;
    used += std::max(guest ? 0 : sink.share.slots(), sink.held + sink.leased);
  }
  return used;
}

std::uint32_t slots_spare(const detail::KeptPool& pool) {
  const std::uint32_t slots = pool.books->shape().slots;
  return slots - std::min(slots, slots_in_use(pool));
}

// What somebody left goes to those who would like to have more, a slot at a time
// and leases first.
void grow_shares(detail::KeptPool& pool, const Sizing& wanted) {
  for (auto part : {&Share::leases, &Share::queued}) {
    bool grown = true;
    while (grown) {
      grown = false;
      for (const auto& [sink, share] : wanted.shares) {
        Share has = pool.books->at(sink).share;
        if (has.*part >= share.*part || slots_spare(pool) == 0) continue;
        ++(has.*part);
        pool.books->set_share(sink, has);
        grown = true;
      }
    }
  }
}

}  // namespace

// Sinks that are fed no more give their shares back, those that have one keep
// it, others get theirs from what is spare; where that is too little, a larger
// pool is opened. When all are served, they share what nobody needs.
void MemoryManager::share_out(Pool& pool, std::uint64_t now_ns) {
  pool.share_out_due = false;
  const auto known = ports_.find(pool.source());
  if (known == ports_.end() || known->second.current != pool.id()) return;
  PortBook& port = known->second;
  note_forwarded(port, pool);
  const auto consumers = consumers_of(pool.source(), port);
  const Sizing wanted = wanted_slots(pool.writer, port.slot_bytes, consumers);
  const Sizing least = least_slots(consumers);
  // To newcomers at most an even share, so that the last of them finds one too.
  const Sizing even =
      fit_slots(pool.writer, port.slot_bytes, consumers, pool.books->shape().slots).value_or(least);
  for (const PoolBooks::Sink& sink : pool.books->sinks()) {
    const Share* share = share_of(wanted, sink.port);
    if (share == nullptr && sink.share.queued > 0) {
      if (!sink.gone) pool.books->set_share(sink.port, kGuestShare);
    } else if (share != nullptr && sink.share.queued > 0) {
      pool.books->set_share(sink.port, {std::min(sink.share.leases, share->leases),
                                        std::min(sink.share.queued, share->queued)});
    }
  }
  const bool all_served = serve_newcomers(pool, even, least);
  if (all_served && port.opening == 0) grow_shares(pool, wanted);
  for (const auto& [sink, share] : even.shares) {
    ensure_reader(pool, sink);
    if (pool.books->fed(sink)) host_.room_at(sink);
    if (pool.books->sink(sink)->share.queued > 0) tell_room(sink);
  }
  const bool was_crowded = std::exchange(port.crowded, false);
  if (!all_served) enlarge(pool.source(), port, was_crowded, now_ns);
}

// False when one of them finds too little that is spare.
bool MemoryManager::serve_newcomers(Pool& pool, const Sizing& even, const Sizing& least) {
  bool all = true;
  for (const auto& [sink, share] : even.shares) {
    const Share needed = *share_of(least, sink);
    const PoolBooks::Sink* account = pool.books->sink(sink);
    if (account != nullptr && covers(account->share, needed)) continue;
    pool.books->set_share(sink, kGuestShare);
    if (const auto spare = share_of_spare(needed, share, slots_spare(pool)))
      pool.books->set_share(sink, *spare);
    else
      all = false;
  }
  return all;
}

void MemoryManager::share_single_use(Pool& pool) {
  for (const BufferConsumer& consumer : host_.consumers_of(pool.source())) {
    pool.books->set_share(consumer.sink, kSingleUseShare);
    ensure_reader(pool, consumer.sink);
  }
}

// Guests that the port itself does not feed get its buffers from a device that
// passes them on.
void MemoryManager::note_forwarded(PortBook& port, const Pool& pool) {
  const auto fed = host_.consumers_of(pool.source());
  for (const PortRef guest : pool.guests) {
    const bool known =
        std::ranges::find(port.forwarded, guest) != port.forwarded.end() ||
        std::ranges::any_of(fed, [&](const BufferConsumer& each) { return each.sink == guest; });
    if (!known) port.forwarded.push_back(guest);
  }
}

void MemoryManager::enlarge(PortRef source, PortBook& port, bool was_crowded,
                            std::uint64_t now_ns) {
  if (port.opening != 0) return;  // shared out anew when it is mapped
  const auto larger = [&]() -> Result<Pool*> {
    DKVM_TRY(const Sizing sizing, fit(source, port, host_.peer(source.device).bytes_max));
    PoolShape shape = find(port.current)->books->shape();
    shape.slots = sizing.slots;
    return make_pool(shape, sizing.writer, false, now_ns);
  }();
  if (larger) {
    port.opening = (*larger)->id();
    return;
  }
  port.crowded = true;
  if (!was_crowded)
    host_.memory_short(source,
                       "some of its consumers have no buffers, as no larger pool can be "
                       "had: " +
                           larger.error().message());
}

// A pool was closed, or limits are others: who could have no larger pool may have
// one now.
void MemoryManager::retry_crowded() {
  for (auto& [source, port] : ports_) {
    if (!port.crowded || port.current == 0) continue;
    Pool& pool = *find(port.current);
    pool.share_out_due = true;
    touch(pool);
  }
}

void MemoryManager::ensure_reader(Pool& pool, PortRef sink) {
  if (std::ranges::find(pool.readers, sink.device, &detail::PoolReader::device) !=
      pool.readers.end())
    return;
  const BufferPeer peer = host_.peer(sink.device);
  if (!peer.connected || pool.state == PoolState::opening || owes_too_many(sink.device)) return;
  const bool named = pool.books->shape().memory == wire::MemoryKind::named;
  const bool can_map = named ? peer.trusted : peer.fds;
  pool.readers.push_back({sink.device, can_map, false});
  if (!can_map) return;  // it gets events and no pool: it can only release
  wire::PoolOpenT open = detail::pool_open_of(pool, false);
  open.port = sink.port;
  const PoolBooks::Sink* account = pool.books->sink(sink);
  open.share = account == nullptr ? kGuestShare.leases : account->share.leases;
  host_.send_pool_open(sink.device, open, pool.memory->readable());
}

}  // namespace dkvm
