#include "pipelines/core.hpp"
#include "pipelines/expect.hpp"

#include <dkvm/codes.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace dkvm::detail {
namespace {

// Edges of a pipeline that wait for ports which may never come back (a link's
// peers come under ever new names).
constexpr std::size_t kWaitingEdgesMax = 64;

bool names_device(const Pipeline& pipeline, std::string_view device) {
  const auto names = [&](const std::string& address) {
    return std::string_view(address).substr(0, address.find('/')) == device;
  };
  return std::any_of(pipeline.spec.from.begin(), pipeline.spec.from.end(), names) ||
         std::any_of(pipeline.spec.to.begin(), pipeline.spec.to.end(), names);
}

}  // namespace

RouterCore::RouterCore(std::uint64_t kernel_id, RouterHost& host)
    : kernel_id_(kernel_id), host_(host) {
  expect(kernel_id != 0, "a kernel's id is never 0");
  const Port devices{
      0,    "devices", wire::Direction::source, TopicSet{id_of(wire::Topic::device_state)},
      true, false};
  device_up(kKernelDevice, "kernel", 0, false, std::span(&devices, 1), 0);
}

RouterCore::~RouterCore() {
  const auto free_lane = [this](Lane& lane) {
    for (std::uint64_t place = lane.begin(); place != lane.end(); ++place)
      if (lane.at(place).edge != nullptr) lane.at(place).free_body(bodies_);
  };
  for (const auto& device : devices_) {
    if (!device) continue;
    free_lane(device->common);
    for (const auto& port : device->sinks) {
      if (port->own) free_lane(*port->own);
      if (port->bulk) free_lane(*port->bulk);
    }
  }
}

Device* RouterCore::find_device(DeviceId id) const {
  return id < devices_.size() ? devices_[id].get() : nullptr;
}

SourcePort* RouterCore::find_source(PortRef ref) const {
  Device* device = find_device(ref.device);
  return device != nullptr ? find_port(device->sources, ref.port) : nullptr;
}

SinkPort* RouterCore::find_sink(PortRef ref) const {
  Device* device = find_device(ref.device);
  return device != nullptr ? find_port(device->sinks, ref.port) : nullptr;
}

void RouterCore::device_up(DeviceId id, std::string name, std::uint32_t incarnation, bool relays,
                           std::span<const Port> ports, std::uint64_t now_ns) {
  device_down(id, now_ns);
  if (id >= devices_.size()) devices_.resize(std::size_t{id} + 1);
  if (!devices_[id]) devices_[id] = std::make_unique<Device>();
  Device& device = *devices_[id];
  device.id = id;
  device.name = std::move(name);
  device.incarnation = incarnation;
  device.relays = relays;
  device.up = true;
  device.origin_sequence = 0;
  for (const Port& port : ports) open_port(device, port, false);
  refit_device(device.name, now_ns);
}

void RouterCore::device_down(DeviceId id, std::uint64_t now_ns) {
  Device* device = find_device(id);
  if (device == nullptr || !device->up) return;
  device->up = false;
  for (const auto& port : device->sources) close_source(*port, now_ns);
  for (const auto& port : device->sinks) close_sink(*port, now_ns);
  device->sources.clear();
  device->sinks.clear();
  expect(device->common.empty(), "the queue of a dead sink is dropped");
  device->common.shrink();
  device->awake = false;
  refit_device(device->name, now_ns);
  bury_finished();
}

void RouterCore::port_up(DeviceId id, Port port, std::uint64_t now_ns) {
  Device* device = find_device(id);
  if (device == nullptr || !device->up) return;
  port_down({id, port.id}, now_ns);
  open_port(*device, port, true);
  refit_device(device->name, now_ns);
}

void RouterCore::port_down(PortRef ref, std::uint64_t now_ns) {
  Device* device = find_device(ref.device);
  if (device == nullptr) return;
  if (SourcePort* port = find_source(ref)) {
    close_source(*port, now_ns);
    std::erase_if(device->sources, [&](const auto& each) { return each.get() == port; });
  } else if (SinkPort* sink = find_sink(ref)) {
    close_sink(*sink, now_ns);
    std::erase_if(device->sinks, [&](const auto& each) { return each.get() == sink; });
  } else {
    return;
  }
  refit_device(device->name, now_ns);
  bury_finished();
}

void RouterCore::open_port(Device& device, const Port& info, bool runtime) {
  if (find_port(device.sources, info.id) != nullptr || find_port(device.sinks, info.id) != nullptr)
    return;
  // Edges are known by names: of two ports of one name the first counts.
  const auto same = [&](const auto& port) {
    return port->info.name == info.name && port->info.direction == info.direction;
  };
  if (std::any_of(device.sources.begin(), device.sources.end(), same) ||
      std::any_of(device.sinks.begin(), device.sinks.end(), same))
    return;
  if (info.direction == wire::Direction::source) {
    auto port = std::make_unique<SourcePort>();
    port->device = &device;
    port->info = info;
    insert_port(device.sources, std::move(port));
  } else {
    auto port = std::make_unique<SinkPort>();
    port->device = &device;
    port->info = info;
    port->runtime = runtime;
    port->max_age_default = info.injects || device.relays;
    insert_port(device.sinks, std::move(port));
  }
}

void RouterCore::close_source(SourcePort& port, std::uint64_t now_ns) {
  const std::vector<Edge*> edges = port.edges;
  for (Edge* edge : edges) unlink_source(*edge, now_ns);
}

// The queue is dropped, and what the sink has not confirmed with it.
void RouterCore::close_sink(SinkPort& port, std::uint64_t) {
  const std::vector<Edge*> edges = port.edges;
  for (Edge* edge : edges) unlink_sink(*edge);
  track_held(*port.device, port.device->held_as_sink, port.holds.held(), 0);
}

std::vector<PortView> RouterCore::list_ports(std::string_view name) const {
  std::vector<PortView> views;
  for (const auto& device : devices_) {
    if (!device || !device->up || device->name != name) continue;
    for (const auto& port : device->sources) views.push_back({port->ref(), &port->info});
    for (const auto& port : device->sinks) views.push_back({port->ref(), &port->info});
  }
  return views;
}

void RouterCore::refit_device(const std::string& device, std::uint64_t now_ns) {
  for (auto& [name, pipeline] : pipelines_) {
    if (names_device(*pipeline, device)) refit(*pipeline, now_ns);
  }
}

// Makes the edges of a pipeline what they should be as things stand.
void RouterCore::refit(Pipeline& pipeline, std::uint64_t now_ns) {
  const Plan plan = plan_edges(pipeline.spec.name, pipeline.spec.from, pipeline.spec.to,
                               pipeline.events, [this](auto name) { return list_ports(name); });
  pipeline.missing = plan.missing;
  std::vector<EdgeId> wanted;
  for (const EdgePlan& each : plan.edges) wanted.push_back(edge_for(pipeline, each).id);
  for (const auto& edge : pipeline.edges) {
    edge->stages = pipeline.stages;
    edge->queue = pipeline.spec.queue;
    if (!pipeline.spec.enabled) unlink_source(*edge, now_ns);
  }
  for (const EdgePlan& each : plan.edges) connect(edge_for(pipeline, each), each, now_ns);
  drop_leftovers(pipeline, wanted, true, now_ns);
}

Edge& RouterCore::edge_for(Pipeline& pipeline, const EdgePlan& plan) {
  const SourcePort& source = *find_source(plan.source);
  const SinkPort& sink = *find_sink(plan.sink);
  EdgeKey key{source.device->name, source.info.name, sink.device->name, sink.info.name};
  for (const auto& edge : pipeline.edges) {
    if (edge->key == key) return *edge;
  }
  pipeline.edges.push_back(
      std::make_unique<Edge>(++edge_id_last_, pipeline.spec.name, std::move(key)));
  return *pipeline.edges.back();
}

void RouterCore::connect(Edge& edge, const EdgePlan& plan, std::uint64_t now_ns) {
  SourcePort& source = *find_source(plan.source);
  SinkPort& sink = *find_sink(plan.sink);
  const bool enabled = pipelines_.find(edge.pipeline)->second->spec.enabled;
  const bool blocks = edge.queue.policy == Policy::block;
  edge.refused.clear();
  if (blocks && source.info.live)
    edge.refused =
        fmt::format("policy block: the source {} is live, it cannot be paused", edge.key.source());
  if (blocks && (source.device->relays || sink.device->relays))
    edge.refused = "policy block is refused on links";

  // Held keys must not stay behind when their topic leaves the edge.
  const bool loses_topics = !(edge.topics - plan.topics).empty();
  if (edge.source != nullptr && loses_topics) release_holds(edge, now_ns);
  edge.topics = plan.topics;

  const bool wanted = enabled && edge.refused.empty();
  if (!wanted && edge.source != nullptr) unlink_source(edge, now_ns);
  const bool begins = wanted && edge.source == nullptr;
  const bool joins = begins || (wanted && edge.sink == nullptr);
  if (begins) link_source(edge, source);
  if (edge.sink == nullptr) link_sink(edge, sink, now_ns);
  expect(edge.sink == &sink, "an edge leaves its old sink before it gets a new one");
  if (begins) hold_modifiers(edge, now_ns);
  if (joins) join_refresh(edge, now_ns);
}

// Edges that the plan does not have: those that merely wait for a port may
// stay, the others go.
void RouterCore::drop_leftovers(Pipeline& pipeline, const std::vector<EdgeId>& wanted,
                                bool keep_waiting, std::uint64_t now_ns) {
  std::vector<std::unique_ptr<Edge>> leaving;
  std::size_t waiting = 0;
  for (auto edge = pipeline.edges.rbegin(); edge != pipeline.edges.rend(); ++edge) {
    if (std::find(wanted.begin(), wanted.end(), (*edge)->id) != wanted.end()) continue;
    const auto device_of = [&](const std::string& name, const std::string& port) {
      const std::vector<PortView> ports = list_ports(name);
      return std::any_of(ports.begin(), ports.end(),
                         [&](const PortView& view) { return view.port->name == port; });
    };
    const bool both_there = device_of((*edge)->key.source_device, (*edge)->key.source_port) &&
                            device_of((*edge)->key.sink_device, (*edge)->key.sink_port);
    if (keep_waiting && !both_there && ++waiting <= kWaitingEdgesMax) continue;
    leaving.push_back(std::move(*edge));
  }
  std::erase(pipeline.edges, nullptr);
  for (auto& edge : leaving) retire(std::move(edge), now_ns);
}

void RouterCore::link_source(Edge& edge, SourcePort& port) {
  edge.source = &port;
  port.edges.push_back(&edge);
  edge.broken = {true, true, true};  // a delta is useless until a whole one came
}

// What the edge holds is released; what it has queued still goes out.
void RouterCore::unlink_source(Edge& edge, std::uint64_t now_ns) {
  if (edge.source == nullptr) return;
  release_holds(edge, now_ns);
  set_blocking(edge, false);
  edge.refresh_wanted = 0;
  std::erase(edge.source->edges, &edge);
  edge.source = nullptr;
}

// Modifiers that were held while the sink was away are pressed there.
void RouterCore::link_sink(Edge& edge, SinkPort& port, std::uint64_t now_ns) {
  edge.sink = &port;
  edge.sequence_sent = 0;
  edge.broken = {true, true, true};
  port.edges.push_back(&edge);
  set_blocking(edge, false);
  if (edge.holds.count() == 0) return;
  const std::size_t before = port.holds.held();
  port.holds.join(edge.holds);
  track_held(*port.device, port.device->held_as_sink, before, port.holds.held());
  settle(port, nullptr, Purge::nothing, now_ns);
}

void RouterCore::unlink_sink(Edge& edge) {
  SinkPort& port = *edge.sink;
  std::uint64_t lost = port.unapplied.lossless(&edge);
  const auto drop_all = [&](Lane& lane) {
    for (std::uint64_t place = lane.begin(); place != lane.end(); ++place) {
      Entry& entry = lane.at(place);
      if (entry.edge != &edge) continue;
      const bool kept_all = entry.policy == Policy::lossless || entry.policy == Policy::block;
      lost += kept_all && !entry.made ? 1 : 0;
      drop(lane, entry, Drop::sink_gone);
    }
  };
  drop_all(port.device->common);
  if (port.own) drop_all(*port.own);
  if (port.bulk) drop_all(*port.bulk);
  port.unapplied.forget(&edge);
  std::erase(port.edges, &edge);
  edge.sink = nullptr;
  edge.motion_at = 0;
  edge.touches.clear();
  for (const EdgeHolds::Hold& hold : edge.holds.list()) {
    if (is_modifier(hold.output)) continue;  // pressed again when the sink is back
    edge.holds.clear(hold.input);
    track_held(*edge.source->device, edge.source->device->held_as_source, 1, 0);
  }
  if (lost != 0) report_gap(edge, lost, Drop::sink_gone);
  if (edge.queue.policy == Policy::block) set_blocking(edge, true);
  if (edge.retired) any_finished_ = true;
}

void RouterCore::retire(std::unique_ptr<Edge> edge, std::uint64_t now_ns) {
  unlink_source(*edge, now_ns);
  edge->retired = true;
  any_finished_ = true;
  retired_.push_back(std::move(edge));
}

void RouterCore::bury(Edge& edge) {
  if (edge.sink == nullptr) return;
  edge.sink->unapplied.forget(&edge);
  std::erase(edge.sink->edges, &edge);
}

// Ends retired edges with nothing queued and nothing unconfirmed.
void RouterCore::bury_finished() {
  if (!any_finished_) return;
  any_finished_ = false;
  std::erase_if(retired_, [this](const std::unique_ptr<Edge>& edge) {
    const bool busy =
        edge->queued.all() != 0 || (edge->sink != nullptr && edge->sink->unapplied.has(edge.get()));
    if (!busy) bury(*edge);
    return !busy;
  });
}

}  // namespace dkvm::detail
