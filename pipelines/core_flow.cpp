#include "pipelines/core.hpp"
#include "pipelines/expect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace dkvm::detail {

void RouterCore::pause(PortRef ref) {
  SinkPort* port = find_sink(ref);
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

void RouterCore::resume(PortRef ref) {
  SinkPort* port = find_sink(ref);
  if (port == nullptr || !port->paused) return;
  port->paused = false;
  const bool any = (port->own && !port->own->empty()) || (port->bulk && !port->bulk->empty());
  if (any) wake(*port);
}

Result<> RouterCore::upstream(PortRef ref, const Frame& frame, std::uint64_t now_ns) {
  SinkPort* port = find_sink(ref);
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
  if (!may_pass(passing)) return {};

  std::vector<SourcePort*> sources;
  for (Edge* edge : port->edges) {
    if (edge->source == nullptr) continue;
    if (topic == id_of(wire::Topic::refresh)) {
      const auto what = view_table<wire::Refresh>(frame.payload).what();
      if (what > wire::RefreshWhat::MAX) continue;
      edge->source->refreshes.request(refresh_bit(what));
      ++edge->counters.refreshes;
    }
    if (std::find(sources.begin(), sources.end(), edge->source) == sources.end())
      sources.push_back(edge->source);
  }
  std::array<std::byte, kHopsMax * kHopStampBytes> hops;
  const wire::HopStamp stamp(kernel_id_, now_ns, now_ns, 0);
  if (!passing.hops.empty()) std::memcpy(hops.data(), passing.hops.data(), passing.hops.size());
  std::memcpy(hops.data() + passing.hops.size(), &stamp, kHopStampBytes);
  const Bytes stamped(hops.data(), passing.hops.size() + kHopStampBytes);
  for (SourcePort* source : sources) {
    if (topic == id_of(wire::Topic::refresh)) {
      send_refreshes(*source, now_ns);
    } else {
      host_.send_upstream({source->ref(), topic, frame.payload, stamped});
    }
  }
  return {};
}

// A sink that was left alone released everything but what it lists. One that
// says so while events of ours are still queued for it is heard when they are
// taken: it cannot make us queue ever more of them.
void RouterCore::sink_let_go(SinkPort& port, const Frame& frame, std::uint64_t now_ns) {
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

void RouterCore::let_go_waiting(Device& device, std::uint64_t now_ns) {
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
void RouterCore::let_go(SinkPort& port, std::uint64_t now_ns) {
  const CodeBits kept = port.let_go->kept;
  Device& device = *port.device;
  const std::size_t before = port.holds.held();
  port.holds.forget(kept, port.let_go->applied);
  port.let_go.reset();
  track_held(device, device.held_as_sink, before, port.holds.held());
  // It may have got these after letting go, or before: an up makes sure.
  const CodeBits unsure = port.holds.given_all() & ~kept;
  for (Edge* edge : port.edges) {
    for (const EdgeHolds::Hold& hold : edge->holds.list()) {
      if (unsure[hold.output] && !is_modifier(hold.output)) release_one(*edge, hold.input, now_ns);
    }
  }
  settle(port, nullptr, Purge::nothing, now_ns);
  for (std::uint16_t code = 1; code < kInputCodesMax; ++code) {
    if (!unsure[code] || !port.holds.wanted(code)) continue;
    make_held(*port.edges.front(), port, code, false, now_ns);
    make_held(*port.edges.front(), port, code, true, now_ns);
  }
}

std::vector<std::uint16_t> RouterCore::codes_to_release(DeviceId sink) const {
  std::vector<std::uint16_t> codes;
  const Device* device = find_device(sink);
  if (device == nullptr) return codes;
  for (const auto& port : device->sinks) {
    const std::vector<std::uint16_t> more = port->holds.doubtful(port->applied);
    codes.insert(codes.end(), more.begin(), more.end());
  }
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  return codes;
}

void RouterCore::release_all(std::uint64_t now_ns) {
  for (auto& [name, pipeline] : pipelines_) {
    for (const auto& edge : pipeline->edges) release_holds(*edge, now_ns);
  }
  for (const auto& device : devices_) {
    if (!device) continue;
    for (const auto& port : device->sources) port->down.reset();
  }
}

bool RouterCore::settled(DeviceId source) const {
  const Device* device = find_device(source);
  if (device == nullptr) return true;
  const auto busy = [&](const std::unique_ptr<Edge>& edge) {
    if (edge->key.source_device != device->name) return false;
    if (edge->queued.all() != 0) return true;
    return edge->sink != nullptr && edge->sequence_sent > edge->sink->applied;
  };
  if (std::any_of(retired_.begin(), retired_.end(), busy)) return false;
  return std::none_of(pipelines_.begin(), pipelines_.end(), [&](const auto& each) {
    return std::any_of(each.second->edges.begin(), each.second->edges.end(), busy);
  });
}

// --- policy `block` -------------------------------------------------------------

void RouterCore::set_blocking(Edge& edge, bool blocking) {
  if (edge.blocking == blocking || edge.source == nullptr) return;
  edge.blocking = blocking;
  SourcePort& port = *edge.source;
  if (blocking) {
    if (port.blockers++ == 0) host_.pause(port.ref());
  } else if (--port.blockers == 0 && port.device->up) {
    host_.resume(port.ref());
  }
}

// --- refreshes --------------------------------------------------------------------

// Asks for `what` and for all that was wanted before, once nothing stale is
// queued in front of the answer.
void RouterCore::want_refresh(Edge& edge, RefreshBits what, std::uint64_t now_ns) {
  edge.refresh_wanted = static_cast<RefreshBits>(edge.refresh_wanted | what);
  if (edge.source == nullptr || edge.queued.chained != 0 || edge.refresh_wanted == 0) return;
  edge.source->refreshes.request(edge.refresh_wanted);
  edge.refresh_wanted = 0;
  ++edge.counters.refreshes;
  send_refreshes(*edge.source, now_ns);
}

void RouterCore::break_chain(Edge& edge, TopicId topic, std::uint64_t now_ns) {
  edge.broken[chain_of(topic)] = true;
  want_refresh(edge, refresh_bit(wire::RefreshWhat::frame), now_ns);
}

void RouterCore::send_refreshes(SourcePort& port, std::uint64_t now_ns) {
  const RefreshBits granted = port.refreshes.poll(now_ns);
  refresh_due_ns_ = std::min(refresh_due_ns_, port.refreshes.due_ns());
  if (granted == 0 || port.device->id == kKernelDevice) return;
  const wire::HopStamp stamp(kernel_id_, now_ns, now_ns, 0);
  const Bytes hops(reinterpret_cast<const std::byte*>(&stamp), kHopStampBytes);
  for (const wire::RefreshWhat what : wire::EnumValuesRefreshWhat()) {
    if ((granted & refresh_bit(what)) == 0) continue;
    host_.send_upstream({port.ref(), id_of(wire::Topic::refresh), made_.refresh(what), hops});
  }
}

// A consumer begins with a whole frame, and knows modes, cursor and locks.
void RouterCore::join_refresh(Edge& edge, std::uint64_t now_ns) {
  RefreshBits what = 0;
  const auto want = [&](wire::Topic topic, wire::RefreshWhat each) {
    if (edge.topics.contains(id_of(topic)))
      what = static_cast<RefreshBits>(what | refresh_bit(each));
  };
  want(wire::Topic::display_frame, wire::RefreshWhat::frame);
  want(wire::Topic::media_packet, wire::RefreshWhat::frame);
  want(wire::Topic::display_mode, wire::RefreshWhat::display_mode);
  want(wire::Topic::cursor, wire::RefreshWhat::cursor);
  want(wire::Topic::input_state, wire::RefreshWhat::locks);
  if (what != 0) want_refresh(edge, what, now_ns);
}

// --- time ---------------------------------------------------------------------------

std::uint64_t RouterCore::deadline() const { return std::min(refresh_due_ns_, shrink_due_ns_); }

void RouterCore::tick(std::uint64_t now_ns) {
  if (now_ns >= refresh_due_ns_) {
    refresh_due_ns_ = Router::kNever;
    for (const auto& device : devices_) {
      if (!device) continue;
      for (const auto& port : device->sources) send_refreshes(*port, now_ns);
    }
  }
  if (now_ns >= shrink_due_ns_) shrink_idle(now_ns);
}

void RouterCore::shrink_idle(std::uint64_t now_ns) {
  shrink_due_ns_ = Router::kNever;
  const auto visit = [&](Lane& lane) {
    if (lane.capacity() <= kLaneKeptEntries) return;
    if (lane.empty() && lane.used_ns + kIdleNs <= now_ns) {
      lane.shrink();
    } else {
      shrink_due_ns_ = now_ns + kIdleNs;
    }
  };
  for (const auto& device : devices_) {
    if (!device) continue;
    visit(device->common);
    for (const auto& port : device->sinks) {
      if (port->own) visit(*port->own);
      if (port->bulk) visit(*port->bulk);
    }
  }
}

}  // namespace dkvm::detail
