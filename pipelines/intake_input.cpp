#include "pipelines/expect.hpp"
#include "pipelines/intake.hpp"
#include "pipelines/stages/input_code.hpp"

#include <dkvm/codes.hpp>

#include <array>
#include <cstring>

// Keys and buttons through the ledger, touches by contact, motion merged.
namespace dkvm::detail {

void Intake::admit_held(Edge& edge, const Incoming& event) {
  const TopicId topic = event.frame.header.topic();
  const std::uint16_t code = input_code(topic, event.frame.payload);
  if (!is_code(code)) return edge.count_drop(Drop::invalid);
  if (input_down(topic, event.frame.payload)) {
    admit_down(edge, event, code);
  } else {
    admit_up(edge, event, code);
  }
}

void Intake::admit_down(Edge& edge, const Incoming& event, std::uint16_t code) {
  if (edge.holds.output(code) != 0) return edge.count_drop(Drop::duplicate);
  const TopicId topic = event.frame.header.topic();
  const Policy policy = policy_of(topic, edge.queue.policy);
  if (!make_room(edge, event, policy)) return;
  Lane& lane = input_lane(*edge.sink);
  Entry* entry = queues_.stage(edge, lane, event, policy);
  if (entry == nullptr) return;
  const std::uint16_t output = input_code(topic, entry->payload());
  // Fields of a table may overlap: a new code must not have made it an up.
  if (!is_code(output) || !input_down(topic, entry->payload())) {
    queues_.take_back(lane, *entry);
    return edge.count_drop(Drop::invalid);
  }
  if (held_.press(edge, code, output, topic) != Press::first) {
    queues_.take_back(lane, *entry);
    return edge.count_drop(Drop::merged);
  }
  entry->code = output;
  entry->down = true;
  queues_.commit(edge, lane, *entry);
}

// An up goes the way that its down went, whatever the stages say by now.
void Intake::admit_up(Edge& edge, const Incoming& event, std::uint16_t code) {
  if (edge.holds.output(code) == 0) return edge.count_drop(Drop::orphan);
  const TopicId topic = event.frame.header.topic();
  const Policy policy = policy_of(topic, edge.queue.policy);
  if (!make_room(edge, event, policy)) return;
  std::uint16_t output = 0;
  switch (held_.lift(edge, code, output)) {
    case Lift::orphan: return edge.count_drop(Drop::orphan);
    case Lift::kept: return edge.count_drop(Drop::merged);
    case Lift::last: break;
  }
  Lane& lane = input_lane(*edge.sink);
  Entry& entry = queues_.push(lane, event, policy);
  entry.code = output;
  expect(output == code || set_input_code(topic, entry.payload(), output),
         "a payload with a code has room for another");
  // The sink must get the up of what it got the down of: not a button's for a
  // key's, and none that a new code in overlapping fields has made a down.
  if (topic == edge.sink->holds.topic(output) && !input_down(topic, entry.payload()))
    return queues_.commit(edge, lane, entry);
  queues_.take_back(lane, entry);
  edge.count_drop(Drop::merged);
  held_.make_held(edge, *edge.sink, output, false, event.received_ns);
}

// The source says what it holds: what else we believe it to hold is released.
void Intake::reconcile(SourcePort& port, const Incoming& event) {
  CodeBits pressed;
  const auto* codes = view_table<wire::InputState>(event.frame.payload).pressed();
  if (codes != nullptr) {
    for (const std::uint16_t code : *codes) {
      if (is_code(code)) pressed.set(code);
    }
  }
  port.down &= pressed;
  for (Edge* edge : port.edges) {
    for (const EdgeHolds::Hold& hold : edge->holds.list()) {
      if (!pressed[hold.input]) held_.release_one(*edge, hold.input, event.received_ns);
    }
  }
}

// Nobody is there to take it; only what is held is remembered, since held
// modifiers are pressed when a sink comes.
void Intake::admit_waiting(Edge& edge, const Incoming& event) {
  const TopicId topic = event.frame.header.topic();
  if (queues_.refused(edge, event.frame)) return edge.count_drop(Drop::filtered);
  edge.count_drop(Drop::waiting);
  const Policy policy = policy_of(topic, edge.queue.policy);
  if (policy == Policy::lossless || policy == Policy::block)
    queues_.report_gap(edge, 1, Drop::waiting);
  if (topic != id_of(wire::Topic::key)) return;
  const std::uint16_t code = input_code(topic, event.frame.payload);
  if (!is_code(code)) return;
  if (input_down(topic, event.frame.payload))
    return held_.press_modifier(edge, code, event.received_ns);
  const std::size_t before = edge.holds.count();
  edge.holds.clear(code);
  Device& device = *edge.source->device;
  held_.track(device, device.held_as_source, before, edge.holds.count());
}

void Intake::admit_touch(Edge& edge, const Incoming& event) {
  const auto& touch = view_table<wire::Touch>(event.frame.payload);
  const Policy policy = policy_of(id_of(wire::Topic::touch), edge.queue.policy);
  // A contact that is open ends, whatever the stages say by now.
  const bool ends = Touches::ends(touch.phase());
  if (!ends && queues_.refused(edge, event.frame)) return edge.count_drop(Drop::filtered);
  if (!make_room(edge, event, policy)) return;
  if (!edge.touches.admit(touch.id(), touch.phase())) return edge.count_drop(Drop::orphan);
  Lane& lane = input_lane(*edge.sink);
  Entry* entry =
      ends ? &queues_.push(lane, event, policy) : queues_.stage(edge, lane, event, policy);
  if (entry != nullptr) queues_.commit(edge, lane, *entry);
}

void Intake::admit_motion(Edge& edge, const Incoming& event) {
  Lane& lane = input_lane(*edge.sink);
  if (!edge.stages && merge_motion(edge, lane, event, lane.end())) {
    ++edge.counters.coalesced;
    return;
  }
  Entry* entry = queues_.stage(edge, lane, event, Policy::coalesce);
  if (entry == nullptr) return;
  if (edge.stages) {
    Incoming staged = event;
    staged.frame = entry->frame();
    if (merge_motion(edge, lane, staged, lane.end() - 1)) {
      queues_.take_back(lane, *entry);
      ++edge.counters.coalesced;
      return;
    }
  }
  if (edge.queued.of(Policy::coalesce) >= edge.depth(Policy::coalesce)) {
    queues_.take_back(lane, *entry);
    return edge.count_drop(Drop::overflow);
  }
  const std::uint64_t place = lane.end() - 1;
  if (view_table<wire::PointerMotion>(entry->payload()).absolute()) lane.set_barrier(place);
  queues_.commit(edge, lane, *entry);
  edge.motion_at = place;
}

// Relatives add up across other motion; an absolute one only takes the place
// of what is last. end: behind the lane's last queued entry.
bool Intake::merge_motion(Edge& edge, Lane& lane, const Incoming& event, std::uint64_t end) {
  if (edge.motion_at < lane.begin() || edge.motion_at < lane.barrier()) return false;
  if (edge.motion_at >= end) return false;
  Entry& old = lane.at(edge.motion_at);
  if (old.edge != &edge || old.header.topic() != event.frame.header.topic()) return false;
  if (queues_.is_stale(old, event.received_ns)) return false;
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
  old.free_body(queues_.bodies());
  old.store(frame, queues_.bodies());
  return true;
}

}  // namespace dkvm::detail
