#pragma once

#include "pipelines/buffer_account.hpp"
#include "pipelines/chain.hpp"
#include "pipelines/histogram.hpp"
#include "pipelines/ledger.hpp"
#include "pipelines/policy.hpp"
#include "pipelines/refresh_limiter.hpp"
#include "pipelines/spec.hpp"
#include "pipelines/stages/stage.hpp"
#include "pipelines/stats.hpp"
#include "pipelines/topic_set.hpp"
#include "pipelines/touches.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dkvm::detail {

struct SourcePort;
struct SinkPort;
struct Pipeline;

// One instance of a pipeline's `via`, shared by its edges: stages keep no
// state of an event.
using Stages = std::vector<std::unique_ptr<Stage>>;

// Which names an edge connects: what it is known by over restarts and reloads.
struct EdgeKey {
  std::string source_device;
  std::string source_port;
  std::string sink_device;
  std::string sink_port;

  bool operator==(const EdgeKey&) const = default;
  std::string source() const { return source_device + "/" + source_port; }
  std::string sink() const { return sink_device + "/" + sink_port; }
};

struct Latencies {
  Histogram captured_to_received;
  Histogram received_to_sent;
  Histogram sent_to_applied;
  Histogram captured_to_applied;
};

// Sums of entries that an edge has in its sink's lanes.
struct Queued {
  std::array<std::size_t, 6> by_policy{};
  std::size_t events = 0;   // that came from the source
  std::size_t made = 0;     // by the router
  std::size_t chained = 0;  // of topics with deltas
  std::size_t apart = 0;    // in the bulk lane, though not for their topic
  std::size_t events_max = 0;

  std::size_t of(Policy policy) const { return by_policy[static_cast<std::size_t>(policy)]; }
  std::size_t all() const { return events + made; }
};

// One source port to one sink port through one pipeline.
class Edge {
 public:
  Edge(EdgeId edge_id, std::string pipeline_name, EdgeKey names)
      : id(edge_id), pipeline(std::move(pipeline_name)), key(std::move(names)) {}

  std::size_t depth(Policy policy) const {
    return queue.depth ? *queue.depth : default_depth(policy);
  }
  void count_drop(Drop reason) { ++counters.dropped[static_cast<std::size_t>(reason)]; }
  // Of an event that may be one of a chain: a whole one that comes later makes up
  // for what its policy may drop.
  void count_drop(Drop reason, const wire::FrameHeader& header, Policy event_policy) {
    count_drop(reason);
    if (mends(header, event_policy) && reason != Drop::superseded && reason != Drop::sink_gone)
      ++unmended[chain_of(header.topic())];
  }
  void count_whole(const wire::FrameHeader& header, Policy event_policy) {
    if (mends(header, event_policy) && (header.flags() & kFlagDelta) == 0)
      counters.mended += std::exchange(unmended[chain_of(header.topic())], 0);
  }
  Latencies& latency() {
    if (!latencies) latencies = std::make_unique<Latencies>();
    return *latencies;
  }

  const EdgeId id;
  const std::string pipeline;
  const EdgeKey key;

  SourcePort* source = nullptr;  // null: not there, or the edge is not wanted now
  SinkPort* sink = nullptr;      // null: not there
  TopicSet topics;               // that go through it: none while it is closed
  TopicSet offered;              // as both ends would have it
  bool of_switch = false;
  bool closed = false;
  std::shared_ptr<const Stages> stages;  // shared: the edges of one pipeline
  QueueSpec queue;
  std::optional<BufferConsumer> feed;  // as last told: where its source's buffers go
  bool retired = false;                // no pipeline wants it; it ends when it is empty
  std::string refused;                 // why it may not be, else empty

  Queued queued;
  std::uint64_t motion_at = 0;      // place of its latest motion in the input lane; 0: none
  std::uint64_t sequence_sent = 0;  // at the sink's port, of the latest event
  EdgeHolds holds;
  Touches touches;
  bool blocking = false;  // keeps its source paused

  // Of each chain.
  std::array<bool, 3> broken{};
  std::array<std::uint64_t, 3> unmended{};  // dropped since the last whole one
  RefreshBits refresh_wanted = 0;           // once the queued frames are taken
  bool no_room = false;                     // nor is there any for what would come of it

  EdgeCounters counters;
  std::unique_ptr<Latencies> latencies;

 private:
  static bool mends(const wire::FrameHeader& header, Policy event_policy) {
    return (event_policy == Policy::latest && has_deltas(header)) || event_policy == Policy::deltas;
  }
};

}  // namespace dkvm::detail
