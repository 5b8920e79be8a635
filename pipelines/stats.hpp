#pragma once

#include "pipelines/topic_set.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

// What the router tells about itself: snapshots, made when asked for.
namespace dkvm {

// Names one edge while this router lives; never used twice.
using EdgeId = std::uint32_t;

// Why an edge did not deliver an event.
enum class Drop : std::uint8_t {
  filtered,    // a stage refused it
  duplicate,   // a down of what is down already
  orphan,      // an up (or touch) without its down
  merged,      // another holder keeps the key down, or did already
  invalid,     // a code beyond the range of evdev
  overflow,    // more than the queue's depth
  stale,       // older than max_age
  superseded,  // a newer one took its place
  oldest,      // the oldest of a full drop-oldest queue
  delta,       // its predecessor was dropped
  sink_gone,   // the sink died with it
  waiting,     // there is no sink at present
  exhausted,   // the sink's share of the buffers was used up
  count_,
};

inline constexpr std::size_t kDropReasons = static_cast<std::size_t>(Drop::count_);

// For people: why events did not reach their sink.
constexpr std::string_view describe(Drop reason) {
  switch (reason) {
    case Drop::overflow: return "too many were waiting for it";
    case Drop::stale: return "they had become too old";
    case Drop::sink_gone: return "it died with them";
    case Drop::waiting: return "it was not there";
    case Drop::exhausted: return "no buffer of its share was free";
    default: return "they were dropped";
  }
}

constexpr std::string_view name(Drop reason) {
  constexpr std::array<std::string_view, kDropReasons> names = {
      "filtered",   "duplicate", "orphan", "merged",    "invalid", "overflow", "stale",
      "superseded", "oldest",    "delta",  "sink_gone", "waiting", "exhausted"};
  return names[static_cast<std::size_t>(reason)];
}

// Lossless events that will never reach their sink (or may not have been done
// by it, where it died), reported as they are lost.
struct Gap {
  std::string pipeline;
  std::string source;  // `keyboard/keys`
  std::string sink;    // `desk/keys`
  std::uint64_t lost = 0;
  Drop reason = Drop::overflow;
};

// in == delivered + coalesced + queued + everything dropped. What the router
// sends of its own accord (releases, modifiers pressed again) is `made`.
struct EdgeCounters {
  std::uint64_t in = 0;
  std::uint64_t delivered = 0;
  std::uint64_t coalesced = 0;
  std::uint64_t made = 0;
  std::uint64_t gaps = 0;
  std::uint64_t lost = 0;  // lossless events, over all gaps
  std::uint64_t refreshes = 0;
  std::uint64_t mended = 0;  // of the dropped: a whole picture or packet came after them
  std::array<std::uint64_t, kDropReasons> dropped{};

  std::uint64_t dropped_for(Drop reason) const { return dropped[static_cast<std::size_t>(reason)]; }
  std::uint64_t dropped_in_all() const {
    return std::accumulate(dropped.begin(), dropped.end(), std::uint64_t{0});
  }
};

// Where the buckets end that latencies are told in, for whoever adds them up: 1, 2 and 5
// of each power of ten, from 10 µs to 10 s.
inline constexpr auto kLatencyBoundsNs = std::to_array<std::uint64_t>({
    10'000,        20'000,        50'000,        100'000,        200'000,
    500'000,       1'000'000,     2'000'000,     5'000'000,      10'000'000,
    20'000'000,    50'000'000,    100'000'000,   200'000'000,    500'000'000,
    1'000'000'000, 2'000'000'000, 5'000'000'000, 10'000'000'000,
});

// Nanoseconds; all 0 when nothing was measured. Within 3 %, but for the count and the
// maximum.
struct LatencyStats {
  std::uint64_t count = 0;
  std::uint64_t p50_ns = 0;
  std::uint64_t p99_ns = 0;
  std::uint64_t p999_ns = 0;
  std::uint64_t max_ns = 0;
  std::uint64_t sum_ns = 0;
  // Events up to each bound and above the one before it; the last: above all of them.
  std::array<std::uint64_t, kLatencyBoundsNs.size() + 1> buckets{};
};

enum class EdgeState : std::uint8_t {
  active,
  closed,    // of a switch, whose input is elsewhere
  waiting,   // a device or port at one end is not there
  draining,  // no longer wanted; what is queued still goes out
  refused,   // `reason` says why it cannot be
};

constexpr std::string_view name(EdgeState state) {
  switch (state) {
    case EdgeState::active: return "active";
    case EdgeState::closed: return "closed";
    case EdgeState::waiting: return "waiting";
    case EdgeState::draining: return "draining";
    case EdgeState::refused: return "refused";
  }
  return "unknown";
}

struct EdgeStats {
  EdgeId id = 0;
  std::string pipeline;
  std::string source;  // `keyboard/keys`
  std::string sink;
  EdgeState state = EdgeState::waiting;
  std::string reason;  // of `refused`
  TopicSet topics;     // that both ends have, also while it is closed
  EdgeCounters counters;
  std::size_t queued = 0;
  std::size_t queued_max = 0;
  LatencyStats captured_to_received;
  LatencyStats received_to_sent;
  LatencyStats sent_to_applied;
  LatencyStats captured_to_applied;
};

enum class PipelineState : std::uint8_t { active, closed, waiting, disabled };

constexpr std::string_view name(PipelineState state) {
  switch (state) {
    case PipelineState::active: return "active";
    case PipelineState::closed: return "closed";
    case PipelineState::waiting: return "waiting-for-device";
    case PipelineState::disabled: return "disabled";
  }
  return "unknown";
}

// A pipeline without its edges, whose counters are summed up. The sums shrink
// when an edge goes.
struct PipelineSummary {
  std::string name;
  PipelineState state = PipelineState::waiting;
  std::vector<std::string> missing;  // as in PipelineStats
  std::size_t edges = 0;
  std::uint64_t in = 0;
  std::uint64_t delivered = 0;
  std::uint64_t dropped = 0;
  std::uint64_t gaps = 0;
};

struct PipelineStats {
  std::string name;
  PipelineState state = PipelineState::waiting;
  std::vector<std::string> missing;  // addresses that no port answers to at present
  std::vector<EdgeStats> edges;
};

// What no edge counts, and how many there are.
struct RouterTotals {
  std::size_t pipelines = 0;
  std::uint64_t published = 0;
  std::uint64_t unrouted = 0;       // no edge wanted them
  std::uint64_t looped = 0;         // had passed through this kernel before
  std::uint64_t hops_exceeded = 0;  // had passed through too many kernels
  std::uint64_t unknown_ports = 0;  // came from ports that are not open
};

}  // namespace dkvm
