#pragma once

#include "kernel/memory_manager/pool_books.hpp"
#include "pipelines/buffer_account.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

// How many slots a pool needs, and who may have how many of them. Pure.
// Source: docs/architecture.md, "Memory"
namespace dkvm {

inline constexpr std::uint32_t kLeasesPerEdge = 2;
inline constexpr std::uint32_t kQueuedPerEdgeMax = 16;
inline constexpr std::uint32_t kQueuedPerEdgeOfLargeMax = 4;  // from kLargeSlotBytes up
inline constexpr std::uint64_t kLargeSlotBytes = 64 * 1024;

// Of a pool of one slot: its buffer may wait and be held more than once.
inline constexpr Share kSingleUseShare{kLeasesPerEdge, kQueuedPerEdgeMax};

struct SinkShare {
  PortRef sink;
  Share share;

  bool operator==(const SinkShare&) const = default;
};

struct Sizing {
  std::uint32_t writer = 0;       // slots that the producer may have at a time
  std::vector<SinkShare> shares;  // one a sink, in the order of their ports
  std::uint32_t slots = 0;        // all together

  bool operator==(const Sizing&) const = default;
};

// What all would like to have; edges of one sink add up.
Sizing wanted_slots(std::uint32_t writer, std::uint64_t slot_bytes,
                    std::span<const BufferConsumer> consumers);
// One slot to write, one to lease and one to queue for each edge.
Sizing least_slots(std::span<const BufferConsumer> consumers);

// The wanted ones within slots_max: queues shrink evenly to one, then leases to
// one, then the writer's to one. Nothing when even that does not fit.
std::optional<Sizing> fit_slots(std::uint32_t writer, std::uint64_t slot_bytes,
                                std::span<const BufferConsumer> consumers, std::uint64_t slots_max);

// What a sink that joins gets of `spare` slots: at least what least_slots()
// gives it, at most what wanted_slots() does. Nothing when too few are spare.
std::optional<Share> share_of_spare(Share least, Share wanted, std::uint32_t spare);

}  // namespace dkvm
