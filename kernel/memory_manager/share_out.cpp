// Who may have how many slots of a pool, as consumers come and go.
#include "kernel/memory_manager/memory_manager.hpp"

#include <algorithm>

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

}  // namespace

// Sinks that are fed no more give their shares back, those that have one keep
// it, others get theirs from what is spare; where that is too little, a larger
// pool is opened.
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
  bool crowded = false;
  for (const auto& [sink, share] : even.shares) {
    const Share needed = *share_of(least, sink);
    const PoolBooks::Sink* account = pool.books->sink(sink);
    const bool has = account != nullptr && covers(account->share, needed);
    if (!has) {
      pool.books->set_share(sink, kGuestShare);
      const std::uint32_t used = slots_in_use(pool);
      const std::uint32_t slots = pool.books->shape().slots;
      const auto spare = share_of_spare(needed, share, slots - std::min(slots, used));
      if (spare) pool.books->set_share(sink, *spare);
      crowded = crowded || !spare;
    }
    ensure_reader(pool, sink);
    if (pool.books->fed(sink)) host_.room_at(sink);
  }
  port.crowded = false;
  if (crowded) enlarge(pool.source(), port, now_ns);
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

void MemoryManager::enlarge(PortRef source, PortBook& port, std::uint64_t now_ns) {
  if (port.opening != 0) return;  // shared out anew when it is mapped
  const BufferPeer peer = host_.peer(source.device);
  const auto sizing = fit(source, port, peer.bytes_max);
  if (sizing) {
    PoolShape shape = find(port.current)->books->shape();
    shape.slots = sizing->slots;
    if (const auto pool = make_pool(shape, sizing->writer, false, now_ns)) {
      port.opening = (*pool)->id();
      return;
    }
  }
  port.crowded = true;  // until a pool is removed or consumers change
}

void MemoryManager::ensure_reader(Pool& pool, PortRef sink) {
  if (std::ranges::find(pool.readers, sink.device, &detail::PoolReader::device) !=
      pool.readers.end())
    return;
  const BufferPeer peer = host_.peer(sink.device);
  if (!peer.connected || pool.state == PoolState::opening) return;
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
