#include "kernel/memory_manager/shares.hpp"

#include <algorithm>

namespace dkvm {
namespace {

// What each edge gets at most.
struct Bounds {
  std::uint32_t leases = kLeasesPerEdge;
  std::uint32_t queued = kQueuedPerEdgeMax;
};

std::uint32_t queue_of(const BufferConsumer& consumer, std::uint32_t queued_max) {
  if (consumer.block) return 1;
  return static_cast<std::uint32_t>(std::clamp<std::size_t>(consumer.depth, 1, queued_max));
}

Sizing sized(std::uint32_t writer, std::span<const BufferConsumer> consumers, Bounds bounds) {
  Sizing sizing{writer, {}, writer};
  for (const BufferConsumer& consumer : consumers) {
    const auto at = std::ranges::lower_bound(sizing.shares, consumer.sink, {}, &SinkShare::sink);
    const bool known = at != sizing.shares.end() && at->sink == consumer.sink;
    Share& share =
        known ? at->share : sizing.shares.insert(at, SinkShare{consumer.sink, {}})->share;
    const std::uint32_t queued = queue_of(consumer, bounds.queued);
    share.leases += bounds.leases;
    share.queued += queued;
    sizing.slots += bounds.leases + queued;
  }
  return sizing;
}

std::uint32_t queued_max(std::uint64_t slot_bytes) {
  return slot_bytes < kLargeSlotBytes ? kQueuedPerEdgeMax : kQueuedPerEdgeOfLargeMax;
}

}  // namespace

Sizing wanted_slots(std::uint32_t writer, std::uint64_t slot_bytes,
                    std::span<const BufferConsumer> consumers) {
  return sized(writer, consumers, {kLeasesPerEdge, queued_max(slot_bytes)});
}

Sizing least_slots(std::span<const BufferConsumer> consumers) {
  return sized(1, consumers, {1, 1});
}

std::optional<Sizing> fit_slots(std::uint32_t writer, std::uint64_t slot_bytes,
                                std::span<const BufferConsumer> consumers,
                                std::uint64_t slots_max) {
  for (std::uint32_t queued = queued_max(slot_bytes); queued >= 1; --queued)
    if (auto sizing = sized(writer, consumers, {kLeasesPerEdge, queued}); sizing.slots <= slots_max)
      return sizing;
  for (std::uint32_t leases = kLeasesPerEdge - 1; leases >= 1; --leases)
    if (auto sizing = sized(writer, consumers, {leases, 1}); sizing.slots <= slots_max)
      return sizing;
  for (std::uint32_t fewer = writer; fewer >= 1; --fewer)
    if (auto sizing = sized(fewer, consumers, {1, 1}); sizing.slots <= slots_max) return sizing;
  return std::nullopt;
}

std::optional<Share> share_of_spare(Share least, Share wanted, std::uint32_t spare) {
  if (least.slots() > spare) return std::nullopt;
  Share share = least;
  spare -= least.slots();
  // Leases first: a sink with one cannot look at a frame while the next comes.
  const std::uint32_t leases = std::min(spare, wanted.leases - share.leases);
  share.leases += leases;
  share.queued += std::min(spare - leases, wanted.queued - share.queued);
  return share;
}

}  // namespace dkvm
