#include "pipelines/intake.hpp"
#include "pipelines/hops.hpp"
#include "pipelines/stages/input_code.hpp"

#include <fmt/format.h>

namespace dkvm::detail {

void Intake::publish(PortRef ref, const Frame& frame, std::uint64_t received_ns) {
  ++totals_.published;
  SourcePort* port = devices_.find_source(ref);
  if (port == nullptr) {
    ++totals_.unknown_ports;
    return;
  }
  Device& device = *port->device;
  Incoming event{frame, received_ns, 0};
  if (device.relays) {
    if (!may_pass(frame, kernel_id_, totals_)) return;
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

void Intake::admit(Edge& edge, const Incoming& event) {
  ++edge.counters.in;
  if (edge.sink == nullptr) return admit_waiting(edge, event);
  const TopicId topic = event.frame.header.topic();
  if (is_held_input(topic)) return admit_held(edge, event);
  if (topic == id_of(wire::Topic::touch)) return admit_touch(edge, event);
  const Policy policy = policy_of(topic, edge.queue.policy);
  if (policy == Policy::coalesce) return admit_motion(edge, event);
  admit_any(edge, event, policy);
}

void Intake::admit_any(Edge& edge, const Incoming& event, Policy policy) {
  // What the stages refuse must not push out anything.
  const bool keeps_all = policy == Policy::lossless || policy == Policy::block;
  if (!keeps_all && queues_.refused(edge, event.frame)) return edge.count_drop(Drop::filtered);
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
  if (Entry* entry = queues_.stage(edge, lane, event, policy)) queues_.commit(edge, lane, *entry);
}

// The rules of deltas. True when the event is to be queued behind the others.
bool Intake::admit_chained(Edge& edge, const Incoming& event, Policy policy) {
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
    refreshes_.want(edge, refresh_bit(wire::RefreshWhat::frame), event.received_ns);
    return false;
  }
  const bool losable = policy == Policy::latest || policy == Policy::deltas;
  if (losable && edge.queued.of(policy) >= edge.depth(policy)) {
    edge.count_drop(Drop::overflow);
    refreshes_.break_chain(edge, header.topic(), event.received_ns);
    return false;
  }
  return true;
}

// A whole one takes the place of what is queued of its topic. What brings a
// buffer (a cursor's new shape) is superseded only by what brings one too.
void Intake::supersede(Edge& edge, Lane& lane, const Incoming& event) {
  const wire::FrameHeader& header = event.frame.header;
  for (std::uint64_t place = lane.begin(); place != lane.end(); ++place) {
    Entry& old = lane.at(place);
    if (old.edge != &edge || old.header.topic() != header.topic()) continue;
    if (old.header.buffer_count() != 0 && header.buffer_count() == 0) continue;
    queues_.drop(lane, old, Drop::superseded);
  }
  const Policy policy = policy_of(header.topic(), edge.queue.policy);
  if (Entry* entry = queues_.stage(edge, lane, event, policy)) queues_.commit(edge, lane, *entry);
}

void Intake::drop_oldest(Edge& edge, Lane& lane, Policy policy) {
  for (std::uint64_t place = lane.begin(); place != lane.end(); ++place) {
    Entry& old = lane.at(place);
    if (old.edge == &edge && old.policy == policy) return queues_.drop(lane, old, Drop::oldest);
  }
}

// Space for one more event. False when there is none or when it needs none as
// the stages refuse it; the event is counted then.
bool Intake::make_room(Edge& edge, const Incoming& event, Policy policy) {
  const std::size_t queued = edge.queued.of(policy);
  if (policy == Policy::lossless) {
    if (queued < edge.depth(policy)) return true;
    if (queues_.refused(edge, event.frame)) {
      edge.count_drop(Drop::filtered);
      return false;
    }
    settler_.overflow(edge, event.received_ns);
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

}  // namespace dkvm::detail
