#include "pipelines/topology.hpp"

#include <dkvm/codes.hpp>

#include <algorithm>
#include <optional>

namespace dkvm::detail {
namespace {

// Where the edge brings buffers as things stand.
std::optional<BufferConsumer> feed_of(const Edge& edge) {
  if (edge.source == nullptr || edge.sink == nullptr) return std::nullopt;
  std::size_t depth = 0;
  const auto add = [&](TopicId topic) {
    depth = std::max(depth, edge.depth(policy_of(topic, edge.queue.policy)));
  };
  for (const TopicId topic : kBufferTopics)
    if (edge.topics.contains(topic)) add(topic);
  if (edge.topics.any_from(kCustomTopicFirst)) add(kCustomTopicFirst);
  if (depth == 0) return std::nullopt;
  return BufferConsumer{edge.sink->ref(), depth, edge.queue.policy == Policy::block};
}

}  // namespace

void Topology::note_feed(Edge& edge, PortRef source) {
  const std::optional<BufferConsumer> feed = feed_of(edge);
  if (feed == edge.feed) return;
  edge.feed = feed;
  host_.feeds_changed(source);
}

void Topology::link_source(Edge& edge, SourcePort& port) {
  edge.source = &port;
  port.edges.push_back(&edge);
  edge.broken = {true, true, true};  // a delta is useless until a whole one came
  edge.no_room = false;
  note_feed(edge, port.ref());
}

// What the edge holds is released; what it has queued still goes out.
void Topology::unlink_source(Edge& edge, std::uint64_t now_ns) {
  if (edge.source == nullptr) return;
  held_.release(edge, now_ns);
  queues_.block(edge, false);
  edge.refresh_wanted = 0;
  std::erase(edge.source->edges, &edge);
  const PortRef source = edge.source->ref();
  edge.source = nullptr;
  note_feed(edge, source);
}

// Modifiers that were held while the sink was away are pressed there.
void Topology::link_sink(Edge& edge, SinkPort& port, std::uint64_t now_ns) {
  edge.sink = &port;
  edge.sequence_sent = 0;
  edge.broken = {true, true, true};
  edge.no_room = false;
  port.edges.push_back(&edge);
  queues_.block(edge, false);
  if (edge.source != nullptr) note_feed(edge, edge.source->ref());
  if (edge.holds.count() == 0) return;
  const std::size_t before = port.holds.held();
  port.holds.join(edge.holds);
  held_.track(*port.device, port.device->held_as_sink, before, port.holds.held());
  settler_.settle(port, nullptr, Purge::nothing, now_ns);
}

void Topology::unlink_sink(Edge& edge) {
  SinkPort& port = *edge.sink;
  std::uint64_t lost = port.unapplied.lossless(&edge);
  const auto drop_all = [&](Lane& lane) {
    for (std::uint64_t place = lane.begin(); place != lane.end(); ++place) {
      Entry& entry = lane.at(place);
      if (entry.edge != &edge) continue;
      const bool kept_all = entry.policy == Policy::lossless || entry.policy == Policy::block;
      lost += kept_all && !entry.made ? 1 : 0;
      queues_.drop(lane, entry, Drop::sink_gone);
    }
  };
  drop_all(port.device->common);
  if (port.own) drop_all(*port.own);
  if (port.bulk) drop_all(*port.bulk);
  port.unapplied.forget(&edge);
  std::erase(port.edges, &edge);
  edge.sink = nullptr;
  if (edge.source != nullptr) note_feed(edge, edge.source->ref());
  edge.motion_at = 0;
  edge.touches.clear();
  for (const EdgeHolds::Hold& hold : edge.holds.list()) {
    if (is_modifier(hold.output)) continue;  // pressed again when the sink is back
    edge.holds.clear(hold.input);
    held_.track(*edge.source->device, edge.source->device->held_as_source, 1, 0);
  }
  if (lost != 0) queues_.report_gap(edge, lost, Drop::sink_gone);
  if (edge.queue.policy == Policy::block) queues_.block(edge, true);
  if (edge.retired) queues_.edge_over();
}

void Topology::retire(std::unique_ptr<Edge> edge, std::uint64_t now_ns) {
  unlink_source(*edge, now_ns);
  edge->retired = true;
  queues_.edge_over();
  retired_.push_back(std::move(edge));
}

void Topology::bury(Edge& edge) {
  if (edge.sink == nullptr) return;
  edge.sink->unapplied.forget(&edge);
  std::erase(edge.sink->edges, &edge);
}

void Topology::bury_finished() {
  if (!queues_.take_edge_over()) return;
  std::erase_if(retired_, [this](const std::unique_ptr<Edge>& edge) {
    const bool busy =
        edge->queued.all() != 0 || (edge->sink != nullptr && edge->sink->unapplied.has(edge.get()));
    if (!busy) bury(*edge);
    return !busy;
  });
}

}  // namespace dkvm::detail
