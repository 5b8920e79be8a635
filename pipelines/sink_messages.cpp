#include "pipelines/sink_messages.hpp"
#include "pipelines/hops.hpp"

#include <dkvm/codes.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace dkvm::detail {

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

  std::vector<SourcePort*> sources;
  for (Edge* edge : port->edges) {
    if (edge->source == nullptr) continue;
    if (topic == id_of(wire::Topic::refresh)) {
      const auto what = view_table<wire::Refresh>(frame.payload).what();
      if (what > wire::RefreshWhat::MAX) continue;
      edge->source->refreshes.request(refresh_bit(what), passing.hops);
      ++edge->counters.refreshes;
    }
    if (std::find(sources.begin(), sources.end(), edge->source) == sources.end())
      sources.push_back(edge->source);
  }
  std::array<std::byte, kHopsMax * kHopStampBytes> hops;
  const wire::HopStamp stamp(kernel_id_, now_ns, now_ns, frame.header.capture_ns());
  if (!passing.hops.empty()) std::memcpy(hops.data(), passing.hops.data(), passing.hops.size());
  std::memcpy(hops.data() + passing.hops.size(), &stamp, kHopStampBytes);
  const Bytes stamped(hops.data(), passing.hops.size() + kHopStampBytes);
  for (SourcePort* source : sources) {
    if (topic == id_of(wire::Topic::refresh)) {
      refreshes_.send(*source, now_ns);
    } else {
      host_.send_upstream({source->ref(), topic, frame.payload, stamped});
    }
  }
  return {};
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
