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

bool is_down(TopicId topic, Bytes payload) {
  return topic == id_of(wire::Topic::key) ? view_table<wire::Key>(payload).down()
                                          : view_table<wire::PointerButton>(payload).down();
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
  if (topic == id_of(wire::Topic::input_state)) reconcile(*port, event);
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

void RouterCore::admit_held(Edge& edge, const Incoming& event) {
  const TopicId topic = event.frame.header.topic();
  const std::uint16_t code = input_code(topic, event.frame.payload);
  if (!is_code(code)) return edge.count_drop(Drop::invalid);
  if (is_down(topic, event.frame.payload)) {
    admit_down(edge, event, code);
  } else {
    admit_up(edge, event, code);
  }
}

void RouterCore::admit_down(Edge& edge, const Incoming& event, std::uint16_t code) {
  if (edge.holds.output(code) != 0) return edge.count_drop(Drop::duplicate);
  const TopicId topic = event.frame.header.topic();
  const Policy policy = policy_of(topic, edge.queue.policy);
  if (!make_room(edge, policy, event.received_ns)) return;
  Lane& lane = input_lane(*edge.sink);
  Entry* entry = stage(edge, lane, event, policy);
  if (entry == nullptr) return;
  const std::uint16_t output = input_code(topic, entry->payload());
  if (!is_code(output)) {
    unstage(lane, *entry);
    return edge.count_drop(Drop::invalid);
  }
  if (press(edge, code, output, topic) != Press::first) {
    unstage(lane, *entry);
    return edge.count_drop(Drop::merged);
  }
  entry->code = output;
  entry->down = true;
  commit(edge, lane, *entry);
}

// An up goes the way that its down went, whatever the stages say by now.
void RouterCore::admit_up(Edge& edge, const Incoming& event, std::uint16_t code) {
  if (edge.holds.output(code) == 0) return edge.count_drop(Drop::orphan);
  const TopicId topic = event.frame.header.topic();
  const Policy policy = policy_of(topic, edge.queue.policy);
  if (!make_room(edge, policy, event.received_ns)) return;
  std::uint16_t output = 0;
  switch (lift(edge, code, output)) {
    case Lift::orphan: return edge.count_drop(Drop::orphan);
    case Lift::kept: return edge.count_drop(Drop::merged);
    case Lift::last: break;
  }
  Lane& lane = input_lane(*edge.sink);
  Entry& entry = lane.push();
  entry.store(event.frame, bodies_);
  entry.received_ns = event.received_ns;
  entry.age_ns = event.age_ns;
  entry.policy = policy;
  entry.code = output;
  expect(output == code || set_input_code(topic, entry.payload(), output),
         "a payload with a code has room for another");
  commit(edge, lane, entry);
}

void RouterCore::admit_touch(Edge& edge, const Incoming& event) {
  const auto& touch = view_table<wire::Touch>(event.frame.payload);
  if (!make_room(edge, policy_of(id_of(wire::Topic::touch), edge.queue.policy), event.received_ns))
    return;
  if (!edge.touches.admit(touch.id(), touch.phase())) return edge.count_drop(Drop::orphan);
  Lane& lane = input_lane(*edge.sink);
  Entry* entry = stage(edge, lane, event, policy_of(id_of(wire::Topic::touch), edge.queue.policy));
  if (entry != nullptr) commit(edge, lane, *entry);
}

void RouterCore::admit_motion(Edge& edge, const Incoming& event) {
  Lane& lane = input_lane(*edge.sink);
  if (!edge.stages && merge_motion(edge, lane, event, lane.end())) {
    ++edge.counters.coalesced;
    return;
  }
  Entry* entry = stage(edge, lane, event, Policy::coalesce);
  if (entry == nullptr) return;
  if (edge.stages) {
    Incoming staged = event;
    staged.frame = entry->frame();
    if (merge_motion(edge, lane, staged, lane.end() - 1)) {
      unstage(lane, *entry);
      ++edge.counters.coalesced;
      return;
    }
  }
  if (edge.queued.of(Policy::coalesce) >= edge.depth(Policy::coalesce)) {
    unstage(lane, *entry);
    return edge.count_drop(Drop::overflow);
  }
  const std::uint64_t place = lane.end() - 1;
  if (view_table<wire::PointerMotion>(entry->payload()).absolute()) lane.set_barrier(place);
  commit(edge, lane, *entry);
  edge.motion_at = place;
}

void RouterCore::admit_any(Edge& edge, const Incoming& event, Policy policy) {
  if (has_deltas(event.frame.header)) {
    // Whatever may be dropped here must be dropped by the rules of deltas.
    if (policy == Policy::drop_oldest) policy = Policy::deltas;
    if (!admit_chained(edge, event, policy)) return;
  } else if (policy == Policy::latest) {
    return supersede(edge, lane_for(*edge.sink, event.frame.header.topic()), event);
  }
  Lane& lane = lane_for(*edge.sink, event.frame.header.topic());
  if (policy == Policy::drop_oldest && edge.queued.of(policy) >= edge.depth(policy))
    drop_oldest(edge, lane, policy);
  if (!make_room(edge, policy, event.received_ns)) return;
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

// Nobody is there to take it; only what is held is remembered, since held
// modifiers are pressed when a sink comes.
void RouterCore::admit_waiting(Edge& edge, const Incoming& event) {
  edge.count_drop(Drop::waiting);
  const TopicId topic = event.frame.header.topic();
  if (topic != id_of(wire::Topic::key)) return;
  const std::uint16_t code = input_code(topic, event.frame.payload);
  const std::size_t before = edge.holds.count();
  if (!is_code(code)) return;
  if (!is_down(topic, event.frame.payload)) {
    edge.holds.clear(code);
  } else if (edge.holds.output(code) == 0) {
    Entry copy{};
    copy.store(event.frame, bodies_);
    bool passes = true;
    if (edge.stages) {
      for (const auto& each : *edge.stages) passes = passes && each->pass(topic, copy.payload());
    }
    const std::uint16_t output = input_code(topic, copy.payload());
    copy.free_body(bodies_);
    if (passes && is_modifier(output)) edge.holds.set(code, output);
  }
  Device& device = *edge.source->device;
  track_held(device, device.held_as_source, before, edge.holds.count());
}

// Relatives add up across other motion; an absolute one only takes the place
// of what is last. end: behind the lane's last queued entry.
bool RouterCore::merge_motion(Edge& edge, Lane& lane, const Incoming& event, std::uint64_t end) {
  if (edge.motion_at < lane.begin() || edge.motion_at < lane.barrier()) return false;
  if (edge.motion_at >= end) return false;
  Entry& old = lane.at(edge.motion_at);
  if (old.edge != &edge || old.header.topic() != event.frame.header.topic()) return false;
  if (is_stale(old, event.received_ns)) return false;
  PointerMotion sum;
  view_table<wire::PointerMotion>(old.payload()).UnPackTo(&sum);
  PointerMotion next;
  view_table<wire::PointerMotion>(event.frame.payload).UnPackTo(&next);
  if (next.absolute) {
    if (edge.motion_at + 1 != end) return false;
    sum = next;
  } else {
    if (sum.absolute) return false;
    sum.x += next.x;
    sum.y += next.y;
  }
  auto* table = flatbuffers::GetMutableRoot<wire::PointerMotion>(old.payload().data());
  const bool fits = table->mutate_x(sum.x) && table->mutate_y(sum.y) &&
                    table->mutate_absolute(sum.absolute) && table->mutate_width(sum.width) &&
                    table->mutate_height(sum.height);
  if (fits) return true;
  // A field that was left out as zero has no place in the bytes: write anew.
  const std::uint32_t hops = old.header.hop_count();
  std::array<std::byte, kHopsMax * kHopStampBytes> hop_bytes;
  std::memcpy(hop_bytes.data(), old.frame().hops.data(), hops * kHopStampBytes);
  Frame frame{old.header, {}, {hop_bytes.data(), hops * kHopStampBytes}, made_.motion(sum)};
  seal(frame);
  old.free_body(bodies_);
  old.store(frame, bodies_);
  return true;
}

// Space for one more event under `lossless` or `block`. False when there is
// none, the event is counted then.
bool RouterCore::make_room(Edge& edge, Policy policy, std::uint64_t now_ns) {
  if (policy == Policy::lossless) {
    if (edge.queued.of(policy) >= edge.depth(policy)) overflow(edge, now_ns);
    return true;
  }
  if (policy != Policy::block || edge.queued.of(policy) < kQueueDepthMax) return true;
  edge.count_drop(Drop::overflow);
  SourcePort& port = *edge.source;
  ++edge.counters.lost;
  if (!port.offended) {
    port.offended = true;
    host_.offend(port.device->id, fmt::format("port '{}' went on sending after `pause`: {} events "
                                              "are queued",
                                              port.info.name, kQueueDepthMax));
  }
  return false;
}

// A private copy at the end of the lane, sent through the stages; null when
// one of them refuses it. Not part of the queue before commit().
Entry* RouterCore::stage(Edge& edge, Lane& lane, const Incoming& event, Policy policy) {
  Entry& entry = lane.push();
  entry.store(event.frame, bodies_);
  entry.received_ns = event.received_ns;
  entry.age_ns = event.age_ns;
  entry.policy = policy;
  entry.chained = has_deltas(event.frame.header);
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

// The source says what it holds: what else we believe it to hold is released.
void RouterCore::reconcile(SourcePort& port, const Incoming& event) {
  CodeBits pressed;
  const auto* codes = view_table<wire::InputState>(event.frame.payload).pressed();
  if (codes != nullptr) {
    for (const std::uint16_t code : *codes) {
      if (is_code(code)) pressed.set(code);
    }
  }
  for (Edge* edge : port.edges) {
    for (const EdgeHolds::Hold& hold : edge->holds.list()) {
      if (!pressed[hold.input]) release_one(*edge, hold.input, event.received_ns);
    }
  }
}

}  // namespace dkvm::detail
