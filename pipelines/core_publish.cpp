#include "pipelines/core.hpp"
#include "pipelines/expect.hpp"
#include "pipelines/stages/input_code.hpp"

#include <fmt/format.h>

namespace dkvm::detail {
namespace {

std::uint64_t time_in_hops(const Frame& frame) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < frame.header.hop_count(); ++i) {
    const wire::HopStamp hop = frame.hop(i);
    if (hop.sent_ns() > hop.received_ns()) sum += hop.sent_ns() - hop.received_ns();
  }
  return sum;
}

bool has_deltas(const wire::FrameHeader& header) {
  return (header.flags() & kFlagDelta) != 0 ||
         header.topic() == id_of(wire::Topic::display_frame) ||
         header.topic() == id_of(wire::Topic::media_packet);
}

}  // namespace

void RouterCore::publish(PortRef ref, const Frame& frame, std::uint64_t received_ns) {
  ++totals_.published;
  SourcePort* port = find_source(ref);
  if (port == nullptr) {
    ++totals_.unknown_ports;
    return;
  }
  Device& device = *port->device;
  Incoming event{frame, received_ns, 0};
  if (device.relays) {
    if (!may_pass(frame)) return;
    event.age_ns = time_in_hops(frame);
  } else {
    // A device of this machine: the origin is ours to say, and it has no hops.
    event.frame.hops = {};
    event.frame.header.mutate_hop_count(0);
    event.frame.header.mutate_origin_kernel(kernel_id_);
    event.frame.header.mutate_origin_device(device.id);
    event.frame.header.mutate_origin_incarnation(device.incarnation);
    event.frame.header.mutate_origin_sequence(++device.origin_sequence);
  }
  const TopicId topic = frame.header.topic();
  if (topic == id_of(wire::Topic::key)) {
    const std::uint16_t code = input_code(topic, frame.payload);
    if (is_code(code)) port->down[code] = input_down(topic, frame.payload);
  } else if (topic == id_of(wire::Topic::input_state)) {
    reconcile(*port, event);
  }
  bool routed = false;
  for (Edge* edge : port->edges) {
    if (!edge->topics.contains(topic)) continue;
    routed = true;
    admit(*edge, event);
  }
  if (!routed) ++totals_.unrouted;
}

// False for events that came in a circle or through too many kernels.
bool RouterCore::may_pass(const Frame& frame) {
  for (std::size_t i = 0; i < frame.header.hop_count(); ++i) {
    if (frame.hop(i).kernel() != kernel_id_) continue;
    ++totals_.looped;
    return false;
  }
  if (frame.header.hop_count() < kHopsMax) return true;
  ++totals_.hops_exceeded;
  return false;
}

void RouterCore::admit(Edge& edge, const Incoming& event) {
  ++edge.counters.in;
  if (edge.sink == nullptr) return admit_waiting(edge, event);
  const TopicId topic = event.frame.header.topic();
  if (is_held_input(topic)) return admit_held(edge, event);
  if (topic == id_of(wire::Topic::touch)) return admit_touch(edge, event);
  const Policy policy = policy_of(topic, edge.queue.policy);
  if (policy == Policy::coalesce) return admit_motion(edge, event);
  admit_any(edge, event, policy);
}

void RouterCore::admit_any(Edge& edge, const Incoming& event, Policy policy) {
  if (refused(edge, event.frame)) return edge.count_drop(Drop::filtered);
  if (policy == Policy::deltas || has_deltas(event.frame.header)) {
    // Whatever may be dropped here must be dropped by the rules of deltas.
    if (policy == Policy::drop_oldest) policy = Policy::deltas;
    if (!admit_chained(edge, event, policy)) return;
  } else if (policy == Policy::latest) {
    return supersede(edge, lane_for(*edge.sink, event.frame.header.topic()), event);
  }
  Lane& lane = lane_for(*edge.sink, event.frame.header.topic());
  if (policy == Policy::drop_oldest && edge.queued.of(policy) >= edge.depth(policy))
    drop_oldest(edge, lane, policy);
  if (!make_room(edge, event, policy)) return;
  if (Entry* entry = stage(edge, lane, event, policy)) commit(edge, lane, *entry);
}

// The rules of deltas. True when the event is to be queued behind the others.
bool RouterCore::admit_chained(Edge& edge, const Incoming& event, Policy policy) {
  const wire::FrameHeader& header = event.frame.header;
  const bool delta = (header.flags() & kFlagDelta) != 0;
  bool& broken = edge.broken[chain_of(header.topic())];
  if (!delta) {
    broken = false;
    const bool full = edge.queued.of(policy) >= edge.depth(policy);
    if (policy == Policy::latest || (policy == Policy::deltas && full)) {
      supersede(edge, lane_for(*edge.sink, header.topic()), event);
      return false;
    }
    return true;
  }
  if (broken) {
    edge.count_drop(Drop::delta);
    want_refresh(edge, refresh_bit(wire::RefreshWhat::frame), event.received_ns);
    return false;
  }
  const bool losable = policy == Policy::latest || policy == Policy::deltas;
  if (losable && edge.queued.of(policy) >= edge.depth(policy)) {
    edge.count_drop(Drop::overflow);
    break_chain(edge, header.topic(), event.received_ns);
    return false;
  }
  return true;
}

// A whole one takes the place of what is queued of its topic. What brings a
// buffer (a cursor's new shape) is superseded only by what brings one too.
void RouterCore::supersede(Edge& edge, Lane& lane, const Incoming& event) {
  const wire::FrameHeader& header = event.frame.header;
  for (std::uint64_t place = lane.begin(); place != lane.end(); ++place) {
    Entry& old = lane.at(place);
    if (old.edge != &edge || old.header.topic() != header.topic()) continue;
    if (old.header.buffer_count() != 0 && header.buffer_count() == 0) continue;
    drop(lane, old, Drop::superseded);
  }
  const Policy policy = policy_of(header.topic(), edge.queue.policy);
  if (Entry* entry = stage(edge, lane, event, policy)) commit(edge, lane, *entry);
}

void RouterCore::drop_oldest(Edge& edge, Lane& lane, Policy policy) {
  for (std::uint64_t place = lane.begin(); place != lane.end(); ++place) {
    Entry& old = lane.at(place);
    if (old.edge == &edge && old.policy == policy) return drop(lane, old, Drop::oldest);
  }
}

// The code of a key or button behind the stages; 0 when they refuse it.
std::uint16_t RouterCore::staged_code(const Edge& edge, const Frame& frame) {
  const TopicId topic = frame.header.topic();
  Entry copy{};
  copy.store(frame, bodies_);
  bool passes = true;
  if (edge.stages) {
    for (const auto& each : *edge.stages) passes = passes && each->pass(topic, copy.payload());
  }
  const std::uint16_t code = passes ? input_code(topic, copy.payload()) : std::uint16_t{0};
  copy.free_body(bodies_);
  return code;
}

bool RouterCore::refused(const Edge& edge, const Frame& frame) {
  return edge.stages && staged_code(edge, frame) == 0;
}

// Space for one more event. False when there is none or when it needs none as
// the stages refuse it; the event is counted then.
bool RouterCore::make_room(Edge& edge, const Incoming& event, Policy policy) {
  const std::size_t queued = edge.queued.of(policy);
  if (policy == Policy::lossless) {
    if (queued < edge.depth(policy)) return true;
    if (refused(edge, event.frame)) {
      edge.count_drop(Drop::filtered);
      return false;
    }
    overflow(edge, event.received_ns);
    return true;
  }
  if (queued < kBlockedEntriesMax) return true;
  edge.count_drop(Drop::overflow);
  if (policy != Policy::block) return false;
  SourcePort& port = *edge.source;
  ++edge.counters.lost;
  if (!port.offended) {
    port.offended = true;
    host_.offend(port.device->id, fmt::format("port '{}' went on sending after `pause`: {} events "
                                              "are queued",
                                              port.info.name, kBlockedEntriesMax));
  }
  return false;
}

// A private copy at the end of the lane. Not part of the queue before commit().
Entry& RouterCore::queue(Lane& lane, const Incoming& event, Policy policy) {
  Entry& entry = lane.push();
  entry.store(event.frame, bodies_);
  entry.received_ns = event.received_ns;
  entry.age_ns = event.age_ns;
  entry.policy = policy;
  entry.chained = policy == Policy::deltas || has_deltas(event.frame.header);
  return entry;
}

// The same, sent through the stages; null when one of them refuses it.
Entry* RouterCore::stage(Edge& edge, Lane& lane, const Incoming& event, Policy policy) {
  Entry& entry = queue(lane, event, policy);
  if (!edge.stages) return &entry;
  for (const auto& each : *edge.stages) {
    if (each->pass(event.frame.header.topic(), entry.payload())) continue;
    unstage(lane, entry);
    edge.count_drop(Drop::filtered);
    return nullptr;
  }
  return &entry;
}

void RouterCore::unstage(Lane& lane, Entry& entry) {
  entry.free_body(bodies_);
  lane.unpush();
}

void RouterCore::commit(Edge& edge, Lane& lane, Entry& entry) {
  entry.edge = &edge;
  lane.used_ns = entry.received_ns;
  if (entry.header.topic() != id_of(wire::Topic::pointer_motion)) lane.set_barrier(lane.end());
  Queued& queued = edge.queued;
  if (entry.made) {
    ++queued.made;
    ++edge.sink->made;
    ++edge.counters.made;
  } else {
    ++queued.by_policy[static_cast<std::size_t>(entry.policy)];
    queued.events_max = std::max(queued.events_max, ++queued.events);
  }
  if (entry.chained) ++queued.chained;
  if (entry.policy == Policy::block && queued.of(Policy::block) >= edge.depth(Policy::block))
    set_blocking(edge, true);
  if (lane.capacity() > kLaneKeptEntries && shrink_due_ns_ == Router::kNever)
    shrink_due_ns_ = entry.received_ns + kIdleNs;
  wake(*edge.sink);
}

}  // namespace dkvm::detail
