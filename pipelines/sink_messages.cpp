#include "pipelines/sink_messages.hpp"
#include "pipelines/hops.hpp"

#include <dkvm/codes.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace dkvm::detail {
namespace {

// What a sink says of itself is remembered up to here: 64 monitors fit.
constexpr std::size_t kStandingBytesMax = 16 * 1024;

// Whether the producer of this edge gets such a message. A geometry is for the switch
// itself, and a target that does not have the input has nothing to say to the sources.
bool hears(const Edge& edge, TopicId topic) {
  return !edge.of_switch || (!edge.closed && topic != id_of(wire::Topic::geometry));
}

}  // namespace

void SinkMessages::pause(PortRef ref) {
  SinkPort* port = devices_.find_sink(ref);
  if (port == nullptr || port->paused) return;
  Lane& before = input_lane(*port);
  port->paused = true;
  Lane& own = input_lane(*port);
  if (&before == &own) return;
  // Its entries step out of the common lane, so that the other ports go on.
  for (std::uint64_t place = before.begin(); place != before.end(); ++place) {
    Entry& entry = before.at(place);
    if (entry.edge == nullptr || entry.edge->sink != port) continue;
    if (entry.edge->motion_at == place) entry.edge->motion_at = own.end();
    Entry& moved = own.push();
    moved = entry;
    if (moved.header.topic() != id_of(wire::Topic::pointer_motion)) own.set_barrier(own.end());
    before.kill(entry);
  }
  own.used_ns = before.used_ns;
}

void SinkMessages::resume(PortRef ref) {
  SinkPort* port = devices_.find_sink(ref);
  if (port == nullptr || !port->paused) return;
  port->paused = false;
  if (port->own) drop_taps(*port->own);
  if ((port->own && !port->own->empty()) || bulk_ready(*port)) queues_.wake(*port);
}

// Modifiers that were pressed again for a sink which had let go, and that their source
// has lifted before the sink went on: taps that nobody made.
void SinkMessages::drop_taps(Lane& lane) {
  std::vector<Entry*> pressed;  // with nothing behind them that they could change
  lane.each([&](Entry& entry) {
    if (entry.header.topic() == id_of(wire::Topic::pointer_motion)) return;
    const auto its_down = std::find_if(pressed.begin(), pressed.end(),
                                       [&](const Entry* down) { return down->code == entry.code; });
    if (entry.code != 0 && !entry.down && its_down != pressed.end()) {
      queues_.drop(lane, **its_down, Drop::merged);
      queues_.drop(lane, entry, Drop::merged);
      pressed.erase(its_down);
    } else if (entry.made && entry.down) {
      pressed.push_back(&entry);
    } else {
      pressed.clear();
    }
  });
}

void SinkMessages::room_at(PortRef ref, std::uint64_t now_ns) {
  SinkPort* port = devices_.find_sink(ref);
  if (port == nullptr) return;
  queues_.feed(*port);
  for (Edge* edge : port->edges)
    if (edge->no_room) refreshes_.room(*edge, now_ns);
}

Result<> SinkMessages::upstream(PortRef ref, const Frame& frame, std::uint64_t now_ns) {
  SinkPort* port = devices_.find_sink(ref);
  if (port == nullptr)
    return fail(Errc::not_found, fmt::format("upstream from port {} of device {}: there is no such "
                                             "sink port",
                                             ref.port, ref.device));
  const TopicId topic = frame.header.topic();
  if (topic == id_of(wire::Topic::input_state)) {
    sink_let_go(*port, frame, now_ns);
    return {};
  }
  Frame passing = frame;
  if (!port->device->relays) {
    passing.hops = {};
    passing.header.mutate_hop_count(0);
  }
  if (!may_pass(passing, kernel_id_, totals_)) return {};

  remember(*port, passing);
  std::vector<SourcePort*> sources;
  for (Edge* edge : port->edges) {
    if (edge->source == nullptr || !hears(*edge, topic)) continue;
    if (topic == id_of(wire::Topic::refresh)) {
      const auto what = view_table<wire::Refresh>(frame.payload).what();
      if (what > wire::RefreshWhat::MAX) continue;
      edge->source->refreshes.request(refresh_bit(what), passing.hops);
      ++edge->counters.refreshes;
    }
    if (std::find(sources.begin(), sources.end(), edge->source) == sources.end())
      sources.push_back(edge->source);
  }
  for (SourcePort* source : sources) {
    if (topic == id_of(wire::Topic::refresh)) {
      refreshes_.send(*source, now_ns);
    } else {
      send(*source, ref, passing, now_ns);
    }
  }
  return {};
}

void SinkMessages::send(const SourcePort& source, const PortRef& sink, const Frame& message,
                        std::uint64_t now_ns) {
  std::array<std::byte, kHopsMax * kHopStampBytes> hops;
  const std::size_t before = message.hops.size();
  const wire::HopStamp stamp(kernel_id_, now_ns, now_ns, message.header.capture_ns());
  if (before != 0) std::memcpy(hops.data(), message.hops.data(), before);
  std::memcpy(hops.data() + before, &stamp, kHopStampBytes);
  host_.send_upstream({source.ref(),
                       message.header.topic(),
                       message.payload,
                       {hops.data(), before + kHopStampBytes},
                       sink});
}

void SinkMessages::remember(SinkPort& port, const Frame& message) {
  const bool geometry = message.header.topic() == id_of(wire::Topic::geometry);
  if (!geometry && message.header.topic() != id_of(wire::Topic::lock_state)) return;
  if (!port.standing) port.standing = std::make_unique<Standing>();
  Said& said = geometry ? port.standing->geometry : port.standing->locks;
  said = {};
  if (message.payload.size() > kStandingBytesMax) return;
  said.payload.assign(message.payload.begin(), message.payload.end());
  said.hops.assign(message.hops.begin(), message.hops.end());
}

void SinkMessages::replay(const Edge& edge, std::uint64_t now_ns) {
  if (edge.source == nullptr || edge.sink == nullptr || !edge.sink->standing) return;
  const auto tell = [&](wire::Topic topic, const Said& said) {
    if (said.payload.empty() || !hears(edge, id_of(topic))) return;
    Frame frame{make_header(wire::FrameKind::upstream), {}, said.hops, said.payload};
    frame.header.mutate_topic(id_of(topic));
    frame.header.mutate_capture_ns(now_ns);
    send(*edge.source, edge.sink->ref(), frame, now_ns);
  };
  tell(wire::Topic::geometry, edge.sink->standing->geometry);
  tell(wire::Topic::lock_state, edge.sink->standing->locks);
}

// A sink that was left alone released everything but what it lists. One that
// says so while events of ours are still queued for it is heard when they are
// taken: it cannot make us queue ever more of them.
void SinkMessages::sink_let_go(SinkPort& port, const Frame& frame, std::uint64_t now_ns) {
  if (!port.let_go) port.let_go = std::make_unique<LetGo>();
  LetGo& said = *port.let_go;
  said = {{}, port.applied};
  const auto* codes = view_table<wire::InputState>(frame.payload).pressed();
  if (codes != nullptr) {
    for (const std::uint16_t code : *codes) {
      if (is_code(code)) said.kept.set(code);
    }
  }
  if (port.made == 0) return let_go(port, now_ns);
  port.device->let_go = true;
}

void SinkMessages::let_go_waiting(Device& device, std::uint64_t now_ns) {
  device.let_go = false;
  for (const auto& port : device.sinks) {
    if (!port->let_go) continue;
    if (port->made == 0) {
      let_go(*port, now_ns);
    } else {
      device.let_go = true;
    }
  }
}

// Modifiers still held are pressed there again.
void SinkMessages::let_go(SinkPort& port, std::uint64_t now_ns) {
  const CodeBits kept = port.let_go->kept;
  Device& device = *port.device;
  const std::size_t before = port.holds.held();
  port.holds.forget(kept, port.let_go->applied);
  port.let_go.reset();
  held_.track(device, device.held_as_sink, before, port.holds.held());
  // It may have got these after letting go, or before: an up makes sure.
  const CodeBits unsure = port.holds.given_all() & ~kept;
  for (Edge* edge : port.edges) {
    for (const EdgeHolds::Hold& hold : edge->holds.list()) {
      if (unsure[hold.output] && !is_modifier(hold.output))
        held_.release_one(*edge, hold.input, now_ns);
    }
  }
  settler_.settle(port, nullptr, Purge::nothing, now_ns);
  for (std::uint16_t code = 1; code < kInputCodesMax; ++code) {
    if (!unsure[code] || !port.holds.wanted(code)) continue;
    held_.make_held(*port.edges.front(), port, code, false, now_ns);
    held_.make_held(*port.edges.front(), port, code, true, now_ns);
  }
}

}  // namespace dkvm::detail
