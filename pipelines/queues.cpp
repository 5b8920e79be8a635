#include "pipelines/queues.hpp"
#include "pipelines/chain.hpp"
#include "pipelines/stages/input_code.hpp"

#include <algorithm>

namespace dkvm::detail {

Queues::~Queues() {
  // The edges are gone by now; but buffers are in bulk lanes, and those are a port's own.
  devices_.each([this](const Device& device) {
    for (const auto& port : device.sinks) {
      if (!port->bulk) continue;
      port->bulk->each([&](const Entry& entry) {
        if (entry.header.buffer_count() != 0) account_.drop(port->ref(), entry.frame().buffers);
      });
    }
  });
  devices_.each_lane(
      [this](Lane& lane) { lane.each([this](Entry& entry) { entry.free_body(bodies_); }); });
}

Lane& Queues::lane_for(Edge& edge, const wire::FrameHeader& header) {
  SinkPort& port = *edge.sink;
  const TopicId topic = header.topic();
  if (header.buffer_count() != 0 || is_bulk(topic)) return bulk_lane(port);
  if (edge.queued.apart == 0) return input_lane(port);
  bool waits = false;
  port.bulk->each([&](const Entry& entry) {
    waits = waits || (entry.edge == &edge && entry.header.topic() == topic);
  });
  return waits ? *port.bulk : input_lane(port);
}

Entry& Queues::push(Lane& lane, const Incoming& event, Policy policy) {
  Entry& entry = lane.push();
  entry.store(event.frame, bodies_);
  entry.received_ns = event.received_ns;
  entry.age_ns = event.age_ns;
  entry.policy = policy;
  entry.chained = policy == Policy::deltas || has_deltas(event.frame.header);
  return entry;
}

Entry* Queues::stage(Edge& edge, Lane& lane, const Incoming& event, Policy policy) {
  Entry& entry = push(lane, event, policy);
  if (!edge.stages) return &entry;
  for (const auto& each : *edge.stages) {
    if (each->pass(event.frame.header.topic(), entry.payload())) continue;
    take_back(lane, entry);
    edge.count_drop(Drop::filtered);
    return nullptr;
  }
  return &entry;
}

std::uint16_t Queues::staged_code(const Edge& edge, const Frame& frame) {
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

void Queues::commit(Edge& edge, Lane& lane, Entry& entry) {
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
  if (entry.chained) {
    ++queued.chained;
    edge.count_whole(entry.header, entry.policy);
  }
  if (entry.policy == Policy::block && queued.of(Policy::block) >= edge.depth(Policy::block))
    block(edge, true);
  if (lane.capacity() > kLaneKeptEntries && shrink_due_ns_ == kNever)
    shrink_due_ns_ = entry.received_ns + kIdleNs;
  SinkPort& port = *edge.sink;
  if (&lane != port.bulk.get()) return wake(port);
  entry.apart = !is_bulk(entry.header.topic());
  if (entry.apart) ++queued.apart;
  if (entry.header.buffer_count() != 0) {
    edge.no_room = false;
    account_.hold(port.ref(), entry.frame().buffers);
  }
  if (!port.starved) wake(port);
}

void Queues::take_back(Lane& lane, Entry& entry) {
  entry.free_body(bodies_);
  lane.unpush();
}

// Ages in all kernels so far, without the time on the wire, against `max_age`.
// An up is never too old: it goes out when its down did, else Delivery drops it.
bool Queues::is_stale(const Entry& entry, std::uint64_t now_ns) const {
  const Edge& edge = *entry.edge;
  if (entry.made || entry.policy == Policy::latest) return false;
  if (entry.code != 0 && !entry.down) return false;
  std::uint64_t limit_ns = 0;
  if (edge.queue.max_age_ns) {
    limit_ns = *edge.queue.max_age_ns;
  } else if (is_input(entry.header.topic()) && edge.sink->max_age_default) {
    limit_ns = kMaxAgeDefaultNs;
  }
  return limit_ns != 0 && now_ns > entry.received_ns &&
         entry.age_ns + (now_ns - entry.received_ns) > limit_ns;
}

bool Queues::lease(const Entry& entry) {
  SinkPort& port = *entry.edge->sink;
  if (account_.lease(port.ref(), entry.frame().buffers)) return true;
  port.starved = true;
  return false;
}

void Queues::feed(SinkPort& port) {
  if (!port.starved) return;
  port.starved = false;
  if (bulk_ready(port)) wake(port);
}

void Queues::finish(Lane& lane, Entry& entry, std::uint64_t now_ns) {
  Edge& edge = *entry.edge;
  uncount(entry);
  entry.free_body(bodies_);
  lane.kill(entry);
  if (edge.refresh_wanted != 0 && edge.queued.chained == 0) refreshes_.want(edge, 0, now_ns);
}

// An entry leaves its edge's sums.
void Queues::uncount(Entry& entry) {
  Edge& edge = *entry.edge;
  Queued& queued = edge.queued;
  if (entry.made) {
    --queued.made;
    --edge.sink->made;
  } else {
    --queued.events;
    --queued.by_policy[static_cast<std::size_t>(entry.policy)];
  }
  if (entry.chained) --queued.chained;
  if (entry.apart) --queued.apart;
  if (edge.blocking && queued.of(Policy::block) <= edge.depth(Policy::block) / 2)
    block(edge, false);
  if (edge.retired && queued.all() == 0) edge_over();
}

void Queues::drop(Lane& lane, Entry& entry, Drop reason) {
  if (!entry.made) entry.edge->count_drop(reason, entry.header, entry.policy);
  if (entry.header.buffer_count() != 0) return drop_buffers(lane, entry);
  uncount(entry);
  entry.free_body(bodies_);
  lane.kill(entry);
}

// It may be what a starved port could not be given: the next may be of other
// buffers, of which its share is not used up.
void Queues::drop_buffers(Lane& lane, Entry& entry) {
  SinkPort& port = *entry.edge->sink;
  const bool first = lane.front() == &entry;
  account_.drop(port.ref(), entry.frame().buffers);
  uncount(entry);
  entry.free_body(bodies_);
  lane.kill(entry);
  if (first) feed(port);
}

void Queues::drop_deltas(Edge& edge, Lane& lane, TopicId topic) {
  for (std::uint64_t place = lane.begin(); place < lane.end(); ++place) {
    Entry& entry = lane.at(place);
    if (entry.edge != &edge || !entry.chained) continue;
    if (chain_of(entry.header.topic()) != chain_of(topic)) continue;
    if ((entry.header.flags() & kFlagDelta) == 0) return;
    drop(lane, entry, Drop::delta);
  }
}

void Queues::report_gap(Edge& edge, std::uint64_t lost, Drop reason) {
  ++edge.counters.gaps;
  edge.counters.lost += lost;
  host_.report({edge.pipeline, edge.key.source(), edge.key.sink(), lost, reason});
}

void Queues::block(Edge& edge, bool blocking) {
  if (edge.blocking == blocking || edge.source == nullptr) return;
  edge.blocking = blocking;
  SourcePort& port = *edge.source;
  if (blocking) {
    if (port.blockers++ == 0) host_.pause(port.ref());
  } else if (--port.blockers == 0 && port.device->up) {
    host_.resume(port.ref());
  }
}

bool Queues::any_for(const Device& device) const {
  if (!device.common.empty()) return true;
  for (const auto& port : device.sinks) {
    if (port->paused) continue;
    if (port->own && !port->own->empty()) return true;
    if (bulk_ready(*port)) return true;
  }
  return false;
}

void Queues::wake(SinkPort& port) {
  Device& device = *port.device;
  if (device.awake || port.paused) return;
  device.awake = true;
  host_.wake(device.id);
}

void Queues::tick(std::uint64_t now_ns) {
  if (now_ns < shrink_due_ns_) return;
  shrink_due_ns_ = kNever;
  devices_.each_lane([&](Lane& lane) {
    if (lane.capacity() <= kLaneKeptEntries) return;
    if (lane.empty() && lane.used_ns + kIdleNs <= now_ns) {
      lane.shrink();
    } else {
      shrink_due_ns_ = now_ns + kIdleNs;
    }
  });
}

void Queues::adopt(Entry& entry, Drop reason) {
  Edge& edge = *entry.edge;
  uncount(entry);
  edge.count_drop(reason);
  entry.made = true;
  ++edge.sink->made;
  ++edge.queued.made;
  ++edge.counters.made;
}

}  // namespace dkvm::detail
