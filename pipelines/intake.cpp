#include "pipelines/intake.hpp"
#include "pipelines/hops.hpp"
#include "pipelines/source_watch.hpp"
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
  if (frame.header.buffer_count() != 0 && is_input(topic)) {
    // Input keeps its order, which buffers do not wait in: it has none.
    event.frame.buffers = {};
    event.frame.header.mutate_buffer_count(0);
  }
  if (topic == id_of(wire::Topic::key)) {
    const std::uint16_t code = input_code(topic, frame.payload);
    if (is_code(code)) port->down[code] = input_down(topic, frame.payload);
  } else if (topic == id_of(wire::Topic::input_state)) {
    reconcile(*port, event);
  }
  if (port->watch != nullptr) return publish_watched(*port, event);
  bool routed = false;
  for (Edge* edge : port->edges) {
    if (!edge->topics.contains(topic)) continue;
    routed = true;
    admit(*edge, event);
  }
  if (!routed) ++totals_.unrouted;
}

// A switch may want it changed, or for itself; it may open and close edges, though it
// makes and ends none.
void Intake::publish_watched(SourcePort& port, const Incoming& event) {
  const SourceWatch::Look look = port.watch->see(event);
  for (Edge* edge : port.edges) {
    if (!edge->topics.contains(event.frame.header.topic())) continue;
    if (!edge->of_switch) {
      admit(*edge, event);
    } else if (look.pass) {
      admit(*edge, look.instead ? *look.instead : event);
    }
  }
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
    return supersede(edge, event, policy);
  } else if (policy == Policy::drop_oldest) {
    while (full(edge, event, policy) && drop_oldest(edge, event)) {
    }
    if (!fits(edge, event)) return count_exhausted(edge, event, policy);
  }
  if (make_room(edge, event, policy)) enqueue(edge, event, policy);
}

void Intake::enqueue(Edge& edge, const Incoming& event, Policy policy) {
  Lane& lane = queues_.lane_for(edge, event.frame.header);
  if (Entry* entry = queues_.stage(edge, lane, event, policy)) queues_.commit(edge, lane, *entry);
}

// Whether the buffers that it brings may wait for the sink.
bool Intake::fits(const Edge& edge, const Incoming& event) {
  return event.frame.header.buffer_count() == 0 ||
         account_.room(edge.sink->ref(), event.frame.buffers);
}

bool Intake::full(const Edge& edge, const Incoming& event, Policy policy) {
  return edge.queued.of(policy) >= edge.depth(policy) || !fits(edge, event);
}

// Dropping others has given it no room: what needs it is asked for again. With an
// empty queue the answer would find none either, and is asked for at room_at().
void Intake::count_exhausted(Edge& edge, const Incoming& event, Policy policy) {
  const wire::FrameHeader& header = event.frame.header;
  edge.count_drop(Drop::exhausted, header, policy);
  if (policy == Policy::lossless) queues_.report_gap(edge, 1, Drop::exhausted);
  edge.no_room = edge.queued.chained == 0;
  if (policy == Policy::deltas || has_deltas(header)) {
    refreshes_.break_chain(edge, header.topic(), event.received_ns);
  } else if (header.topic() == id_of(wire::Topic::cursor)) {
    refreshes_.want(edge, refresh_bit(wire::RefreshWhat::cursor), event.received_ns);
  }
}

// The rules of deltas. True when the event is to be queued behind the others.
bool Intake::admit_chained(Edge& edge, const Incoming& event, Policy policy) {
  const wire::FrameHeader& header = event.frame.header;
  const bool delta = (header.flags() & kFlagDelta) != 0;
  bool& broken = edge.broken[chain_of(header.topic())];
  if (!delta) {
    broken = false;
    if (policy == Policy::latest || (policy == Policy::deltas && full(edge, event, policy))) {
      supersede(edge, event, policy);
      return false;
    }
    return true;
  }
  if (broken) {
    edge.count_drop(Drop::delta, header, policy);
    refreshes_.want(edge, refresh_bit(wire::RefreshWhat::frame), event.received_ns);
    return false;
  }
  const bool losable = policy == Policy::latest || policy == Policy::deltas;
  if (losable && full(edge, event, policy)) {
    edge.count_drop(Drop::overflow, header, policy);
    edge.no_room = edge.queued.chained == 0;
    refreshes_.break_chain(edge, header.topic(), event.received_ns);
    return false;
  }
  return true;
}

// A whole one takes the place of what is queued of its topic. What brings a
// buffer (a cursor's new shape) is superseded only by what brings one too.
void Intake::supersede(Edge& edge, const Incoming& event, Policy policy) {
  const wire::FrameHeader& header = event.frame.header;
  const auto drop_older = [&](Lane& lane) {
    lane.each([&](Entry& old) {
      if (old.edge != &edge || old.header.topic() != header.topic()) return;
      if (old.header.buffer_count() != 0 && header.buffer_count() == 0) return;
      queues_.drop(lane, old, Drop::superseded);
    });
  };
  drop_older(queues_.lane_for(edge, header));
  // Without buffers it queued as input does.
  if (header.buffer_count() != 0 && !is_bulk(header.topic())) drop_older(input_lane(*edge.sink));
  if (!fits(edge, event)) return count_exhausted(edge, event, policy);
  enqueue(edge, event, policy);
}

// Makes room in the lane where the event is to queue. False: there is none to drop.
bool Intake::drop_oldest(Edge& edge, const Incoming& event) {
  Lane& lane = queues_.lane_for(edge, event.frame.header);
  for (std::uint64_t place = lane.begin(); place != lane.end(); ++place) {
    Entry& old = lane.at(place);
    if (old.edge != &edge || old.policy != Policy::drop_oldest) continue;
    queues_.drop(lane, old, Drop::oldest);
    return true;
  }
  return false;
}

// Space for one more event. False when there is none or when it needs none as
// the stages refuse it; the event is counted then.
bool Intake::make_room(Edge& edge, const Incoming& event, Policy policy) {
  const std::size_t queued = edge.queued.of(policy);
  if (policy == Policy::lossless)
    return !full(edge, event, policy) || make_room_by_gap(edge, event);
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

// What is queued of the edge becomes what it owes; where only buffers are
// wanting, input stays.
bool Intake::make_room_by_gap(Edge& edge, const Incoming& event) {
  const wire::FrameHeader& header = event.frame.header;
  if (queues_.refused(edge, event.frame)) {
    edge.count_drop(Drop::filtered);
    return false;
  }
  if (edge.queued.of(Policy::lossless) >= edge.depth(Policy::lossless)) {
    settler_.overflow(edge, event.received_ns);
  } else {
    settler_.overflow_bulk(edge, event.received_ns);
  }
  if (has_deltas(header)) {
    // A delta of what was lost just now is lost with it, a whole one begins anew.
    bool& broken = edge.broken[chain_of(header.topic())];
    if ((header.flags() & kFlagDelta) == 0) broken = false;
    if (broken) {
      edge.count_drop(Drop::delta);
      return false;
    }
  }
  if (fits(edge, event)) return true;
  count_exhausted(edge, event, Policy::lossless);
  return false;
}

}  // namespace dkvm::detail
