#include "pipelines/settler.hpp"

#include <dkvm/codes.hpp>

#include <array>

namespace dkvm::detail {

// One walk over a port's queued input. `down` begins as what the sink was
// given and becomes what it will have when the queue is empty.
struct Settler::Sweep {
  SinkPort& port;
  Edge* edge;  // whose input is purged; null for nobody's
  Purge purge;
  std::uint64_t now_ns;
  CodeBits down;
  std::uint64_t lost = 0;

  Drop reason() const { return purge == Purge::stale ? Drop::stale : Drop::overflow; }
};

void Settler::settle(SinkPort& port, Edge* edge, Purge purge, std::uint64_t now_ns) {
  Sweep walk{port, edge, purge, now_ns, port.holds.given_all()};
  sweep(port.device->common, walk);
  if (port.own) sweep(*port.own, walk);
  if (edge != nullptr) {
    forget_holds(*edge, purge, walk.down);
    held_.cancel_touches(*edge, true, now_ns);
  } else {
    for (Edge* each : port.edges) forget_holds(*each, purge, walk.down);
  }
  even_out(port, walk.down, now_ns);
  if (walk.lost != 0) queues_.report_gap(*edge, walk.lost, walk.reason());
}

void Settler::overflow(Edge& edge, std::uint64_t now_ns) {
  if (edge.sink->bulk) overflow_bulk(edge, now_ns);
  settle(*edge.sink, &edge, Purge::everything, now_ns);
}

void Settler::overflow_bulk(Edge& edge, std::uint64_t now_ns) {
  Lane& lane = bulk_lane(*edge.sink);
  std::uint64_t lost = 0;
  std::array<bool, 3> cut{};  // chains whose next delta has lost its predecessor
  lane.each([&](Entry& entry) {
    if (entry.edge != &edge) return;
    const TopicId topic = entry.header.topic();
    const bool chained = entry.chained;
    if (entry.policy == Policy::lossless) {
      queues_.drop(lane, entry, Drop::overflow);
      ++lost;
      if (!chained) return;
      cut[chain_of(topic)] = true;
      refreshes_.break_chain(edge, topic, now_ns);
    } else if (chained && (entry.header.flags() & kFlagDelta) == 0) {
      cut[chain_of(topic)] = false;
    } else if (chained && cut[chain_of(topic)]) {
      queues_.drop(lane, entry, Drop::delta);  // queued under another policy, before a reload
    }
  });
  if (lost != 0) queues_.report_gap(edge, lost, Drop::overflow);
}

void Settler::sweep(Lane& lane, Sweep& walk) {
  for (std::uint64_t place = lane.begin(); place != lane.end(); ++place) {
    Entry& entry = lane.at(place);
    if (entry.edge == nullptr || entry.edge->sink != &walk.port) continue;
    const bool ours = entry.edge == walk.edge;
    const bool touch = entry.header.topic() == id_of(wire::Topic::touch);
    // Touches go with the first loss: half a gesture is worse than none. So do
    // cancels of ours, cancel_touches() makes those anew that are still due.
    const bool purged = ours && (touch || (!entry.made && (walk.purge == Purge::everything ||
                                                           queues_.is_stale(entry, walk.now_ns))));
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
    queues_.drop(lane, entry, purged ? walk.reason() : Drop::merged);
    if (chained) refreshes_.break_chain(edge, topic, walk.now_ns);
  }
}

// True when a key's entry stays: it changes what the sink will have, and it is
// not purged, or is the release that a purge owes. A down of the router's own
// goes, even_out() makes it again where it is still wanted: so however often a
// queue is put right, it has one such down of a code and one up at most.
bool Settler::sweep_key(Entry& entry, Sweep& walk, bool purged) {
  const bool changes = walk.down[entry.code] != entry.down;
  const bool stays = changes && !(entry.down && (purged || entry.made));
  if (!stays) return false;
  walk.down[entry.code] = entry.down;
  if (purged) queues_.adopt(entry, walk.reason());  // owed: it takes none of the edge's depth
  return true;
}

// After an overflow an edge holds its modifiers only. After a smaller loss it
// also keeps what the sink has down anyway.
void Settler::forget_holds(Edge& edge, Purge purge, const CodeBits& down) {
  for (const EdgeHolds::Hold& hold : edge.holds.list()) {
    const bool reached = purge != Purge::everything && down[hold.output];
    if (is_modifier(hold.output) || reached) continue;
    std::uint16_t output = 0;
    held_.lift(edge, hold.input, output);
  }
}

// Makes the events between what the sink will have and what it should have.
void Settler::even_out(SinkPort& port, const CodeBits& down, std::uint64_t now_ns) {
  if (!port.holds.used() || port.edges.empty()) return;
  for (std::size_t i = 1; i < kInputCodesMax; ++i) {
    const auto code = static_cast<std::uint16_t>(i);
    const bool wanted = port.holds.wanted(code);
    if (wanted == down[i]) continue;
    held_.make_held(*port.edges.front(), port, code, wanted, now_ns);
  }
}

}  // namespace dkvm::detail
