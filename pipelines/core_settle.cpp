#include "pipelines/core.hpp"
#include "pipelines/expect.hpp"

#include <dkvm/codes.hpp>

namespace dkvm::detail {

// One walk over a port's queued input. `down` begins as what the sink was
// given and becomes what it will have when the queue is empty.
struct RouterCore::Sweep {
  SinkPort& port;
  Edge* edge;  // whose input is purged; null for nobody's
  Purge purge;
  std::uint64_t now_ns;
  CodeBits down;
  std::uint64_t lost = 0;

  Drop reason() const { return purge == Purge::stale ? Drop::stale : Drop::overflow; }
};

// Puts a port's queue right after a loss: what is purged goes, what makes no
// sense without it goes too, and at the end the sink will hold what the ledger
// says. Costs a walk over the queue and over all codes.
void RouterCore::settle(SinkPort& port, Edge* edge, Purge purge, std::uint64_t now_ns) {
  Sweep walk{port, edge, purge, now_ns, port.holds.given_all()};
  sweep(port.device->common, walk);
  if (port.own) sweep(*port.own, walk);
  if (edge != nullptr) {
    forget_holds(*edge, purge, walk.down);
    cancel_touches(*edge, true, now_ns);
  } else {
    for (Edge* each : port.edges) forget_holds(*each, purge, walk.down);
  }
  even_out(port, walk.down, now_ns);
  if (walk.lost != 0) report_gap(*edge, walk.lost, walk.reason());
}

void RouterCore::sweep(Lane& lane, Sweep& walk) {
  for (std::uint64_t place = lane.begin(); place != lane.end(); ++place) {
    Entry& entry = lane.at(place);
    if (entry.edge == nullptr || entry.edge->sink != &walk.port) continue;
    const bool ours = entry.edge == walk.edge;
    const bool touch = entry.header.topic() == id_of(wire::Topic::touch);
    // Touches go with the first loss: half a gesture is worse than none. So do
    // cancels of ours, cancel_touches() makes those anew that are still due.
    const bool purged = ours && (touch || (!entry.made && (walk.purge == Purge::everything ||
                                                           is_stale(entry, walk.now_ns))));
    if (entry.code != 0) {
      if (sweep_key(entry, walk, purged)) continue;
    } else if (!purged) {
      continue;
    }
    Edge& edge = *entry.edge;
    const TopicId topic = entry.header.topic();
    const bool lossless = entry.policy == Policy::lossless || entry.policy == Policy::block;
    const bool chained = entry.chained;
    if (purged && lossless && !entry.made) ++walk.lost;
    drop(lane, entry, purged ? walk.reason() : Drop::merged);
    if (chained) break_chain(edge, topic, walk.now_ns);
  }
}

// True when a key's entry stays: it changes what the sink will have, and it is
// not purged, or is the release that a purge owes. A down of the router's own
// goes, even_out() makes it again where it is still wanted: so however often a
// queue is put right, it has one such down of a code and one up at most.
bool RouterCore::sweep_key(Entry& entry, Sweep& walk, bool purged) {
  const bool changes = walk.down[entry.code] != entry.down;
  const bool stays = changes && !(entry.down && (purged || entry.made));
  if (!stays) return false;
  walk.down[entry.code] = entry.down;
  if (purged) {  // owed, so it takes none of the edge's depth
    uncount(entry);
    entry.edge->count_drop(walk.reason());
    entry.made = true;
    ++walk.port.made;
    ++entry.edge->queued.made;
    ++entry.edge->counters.made;
  }
  return true;
}

// After an overflow an edge holds its modifiers only. After a smaller loss it
// also keeps what the sink has down anyway.
void RouterCore::forget_holds(Edge& edge, Purge purge, const CodeBits& down) {
  for (const EdgeHolds::Hold& hold : edge.holds.list()) {
    const bool reached = purge != Purge::everything && down[hold.output];
    if (is_modifier(hold.output) || reached) continue;
    std::uint16_t output = 0;
    lift(edge, hold.input, output);
  }
}

// Makes the events between what the sink will have and what it should have.
void RouterCore::even_out(SinkPort& port, const CodeBits& down, std::uint64_t now_ns) {
  if (!port.holds.used() || port.edges.empty()) return;
  for (std::size_t i = 1; i < kInputCodesMax; ++i) {
    const auto code = static_cast<std::uint16_t>(i);
    const bool wanted = port.holds.wanted(code);
    if (wanted == down[i]) continue;
    make_held(*port.edges.front(), port, code, wanted, now_ns);
  }
}

void RouterCore::overflow(Edge& edge, std::uint64_t now_ns) {
  if (edge.sink->bulk) {
    Lane& lane = *edge.sink->bulk;
    std::uint64_t lost = 0;
    for (std::uint64_t place = lane.begin(); place != lane.end(); ++place) {
      Entry& entry = lane.at(place);
      if (entry.edge != &edge || entry.policy != Policy::lossless) continue;
      const TopicId topic = entry.header.topic();
      const bool chained = entry.chained;
      drop(lane, entry, Drop::overflow);
      ++lost;
      if (chained) break_chain(edge, topic, now_ns);
    }
    if (lost != 0) report_gap(edge, lost, Drop::overflow);
  }
  settle(*edge.sink, &edge, Purge::everything, now_ns);
}

void RouterCore::report_gap(Edge& edge, std::uint64_t lost, Drop reason) {
  ++edge.counters.gaps;
  edge.counters.lost += lost;
  host_.report({edge.pipeline, edge.key.source(), edge.key.sink(), lost, reason});
}

void RouterCore::release_holds(Edge& edge, std::uint64_t now_ns) {
  for (const EdgeHolds::Hold& hold : edge.holds.list()) release_one(edge, hold.input, now_ns);
  cancel_touches(edge, false, now_ns);
}

void RouterCore::release_one(Edge& edge, std::uint16_t input, std::uint64_t now_ns) {
  std::uint16_t output = 0;
  if (lift(edge, input, output) != Lift::last || edge.sink == nullptr) return;
  make_held(edge, *edge.sink, output, false, now_ns);
}

void RouterCore::cancel_touches(Edge& edge, bool purged, std::uint64_t now_ns) {
  if (!edge.touches.any() || edge.sink == nullptr) return;
  SinkPort& port = *edge.sink;
  for (const std::int32_t id : edge.touches.close(purged)) {
    Entry& entry = make(port, id_of(wire::Topic::touch), made_.cancelled_touch(id), now_ns);
    commit(edge, input_lane(port), entry);
  }
}

void RouterCore::make_held(Edge& edge, SinkPort& port, std::uint16_t code, bool down,
                           std::uint64_t now_ns) {
  const TopicId topic = port.holds.topic(code);
  Entry& entry = make(port, topic, made_.held(topic, code, down), now_ns);
  entry.code = code;
  entry.down = down;
  commit(edge, input_lane(port), entry);
}

// Prepares an event of the router's own; there is always room for it.
Entry& RouterCore::make(SinkPort& port, TopicId topic, Bytes payload, std::uint64_t now_ns) {
  Device& kernel = *devices_[kKernelDevice];
  Frame frame{make_header(wire::FrameKind::event), {}, {}, payload};
  frame.header.mutate_topic(topic);
  frame.header.mutate_capture_ns(now_ns);
  frame.header.mutate_origin_kernel(kernel_id_);
  frame.header.mutate_origin_device(kernel.id);
  frame.header.mutate_origin_sequence(++kernel.origin_sequence);
  seal(frame);
  Entry& entry = input_lane(port).push();
  entry.store(frame, bodies_);
  entry.received_ns = now_ns;
  entry.age_ns = 0;
  entry.policy = Policy::lossless;
  entry.made = true;
  return entry;
}

// The ledger's own steps, with the devices' accounts kept beside it.
Press RouterCore::press(Edge& edge, std::uint16_t input, std::uint16_t output, TopicId topic) {
  Press press = Press::first;
  const std::size_t holds_before = edge.holds.count();
  if (edge.sink != nullptr) {
    const std::size_t held_before = edge.sink->holds.held();
    press = edge.sink->holds.press(edge.holds, input, output, topic);
    Device& sink = *edge.sink->device;
    track_held(sink, sink.held_as_sink, held_before, edge.sink->holds.held());
  } else {
    edge.holds.set(input, output);
  }
  Device& source = *edge.source->device;
  track_held(source, source.held_as_source, holds_before, edge.holds.count());
  return press;
}

Lift RouterCore::lift(Edge& edge, std::uint16_t input, std::uint16_t& output) {
  expect(edge.source != nullptr, "an edge without a source holds nothing");
  Lift lift = Lift::orphan;
  const std::size_t holds_before = edge.holds.count();
  if (edge.sink != nullptr) {
    const std::size_t held_before = edge.sink->holds.held();
    lift = edge.sink->holds.lift(edge.holds, input, output);
    Device& sink = *edge.sink->device;
    track_held(sink, sink.held_as_sink, held_before, edge.sink->holds.held());
  } else {
    edge.holds.clear(input);
  }
  Device& source = *edge.source->device;
  track_held(source, source.held_as_source, holds_before, edge.holds.count());
  return lift;
}

void RouterCore::track_held(Device& device, std::size_t& part, std::size_t before,
                            std::size_t after) {
  if (before == after) return;
  const bool held_before = device.held() != 0;
  part = part - before + after;
  const bool held = device.held() != 0;
  if (held != held_before) host_.held_changed(device.id, held);
}

}  // namespace dkvm::detail
