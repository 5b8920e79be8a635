#include "pipelines/topology.hpp"

#include "pipelines/expect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace dkvm::detail {
namespace {

// In addresses: whichever device makes the link to that peer.
constexpr std::string_view kAnyLink = "link";

// Edges of a pipeline that wait for ports which may never come back (a link's
// peers come under ever new names).
constexpr std::size_t kWaitingEdgesMax = 64;

bool names_device(const Pipeline& pipeline, std::string_view device) {
  const auto names = [&](const std::string& address) { return device_of(address) == device; };
  return std::any_of(pipeline.spec.from.begin(), pipeline.spec.from.end(), names) ||
         std::any_of(pipeline.spec.to.begin(), pipeline.spec.to.end(), names);
}

}  // namespace

Topology::Topology(RouterHost& host, DeviceTable& devices_table, Refreshes& refreshes,
                   Queues& queues, HeldInput& held, Settler& settler, SinkMessages& messages)
    : host_(host),
      devices_(devices_table),
      refreshes_(refreshes),
      queues_(queues),
      held_(held),
      settler_(settler),
      messages_(messages) {
  const auto port = [](PortRef ref, const char* name, wire::Topic topic) {
    return RoutedPort{ref.port, name, wire::Direction::source, TopicSet{id_of(topic)}, true, false};
  };
  const std::array ports = {port(kKernelDevicesRef, "devices", wire::Topic::device_state),
                            port(kKernelSwitchesRef, "switches", wire::Topic::switch_state)};
  device_up(kKernelDevice, "kernel", 0, false, ports, 0);
}

void Topology::device_up(DeviceId id, std::string name, std::uint32_t incarnation, bool relays,
                         std::span<const RoutedPort> ports, std::uint64_t now_ns) {
  device_down(id, now_ns);
  Device& device = devices_.at(id);
  device.id = id;
  device.name = std::move(name);
  device.incarnation = incarnation;
  device.relays = relays;
  device.up = true;
  device.origin_sequence = 0;
  for (const RoutedPort& port : ports) open_port(device, port);
  refit_device(device, now_ns);
}

void Topology::device_down(DeviceId id, std::uint64_t now_ns) {
  Device* device = devices_.find(id);
  if (device == nullptr || !device->up) return;
  device->up = false;
  for (const auto& port : device->sources) close_source(*port, now_ns);
  for (const auto& port : device->sinks) close_sink(*port);
  device->sources.clear();
  device->sinks.clear();
  expect(device->common.empty(), "the queue of a dead sink is dropped");
  device->common.shrink();
  device->awake = false;
  refit_device(*device, now_ns);
  bury_finished();
}

void Topology::port_up(DeviceId id, RoutedPort port, std::uint64_t now_ns) {
  Device* device = devices_.find(id);
  if (device == nullptr || !device->up) return;
  port_down({id, port.id}, now_ns);
  open_port(*device, port);
  refit_device(*device, now_ns);
}

void Topology::port_down(PortRef ref, std::uint64_t now_ns) {
  Device* device = devices_.find(ref.device);
  if (device == nullptr) return;
  if (SourcePort* port = devices_.find_source(ref)) {
    close_source(*port, now_ns);
    std::erase_if(device->sources, [&](const auto& each) { return each.get() == port; });
  } else if (SinkPort* sink = devices_.find_sink(ref)) {
    close_sink(*sink);
    std::erase_if(device->sinks, [&](const auto& each) { return each.get() == sink; });
  } else {
    return;
  }
  refit_device(*device, now_ns);
  bury_finished();
}

void Topology::open_port(Device& device, const RoutedPort& info) {
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
    port->max_age_default = info.injects || device.relays;
    insert_port(device.sinks, std::move(port));
  }
}

void Topology::close_source(SourcePort& port, std::uint64_t now_ns) {
  const std::vector<Edge*> edges = port.edges;
  for (Edge* edge : edges) unlink_source(*edge, now_ns);
}

// The queue is dropped, and what the sink has not confirmed with it.
void Topology::close_sink(SinkPort& port) {
  port.starved = false;
  const std::vector<Edge*> edges = port.edges;
  for (Edge* edge : edges) unlink_sink(*edge);
  held_.track(*port.device, port.device->held_as_sink, port.holds.held(), 0);
}

// Of `link` those that links have open for their peers, whichever device makes the link.
std::vector<PortView> Topology::list_ports(std::string_view name) const {
  std::vector<PortView> views;
  devices_.each([&](const Device& device) {
    if (!device.up || (device.name != name && name != kAnyLink)) return;
    const auto add = [&](const auto& port) {
      if (device.name == name || !port->info.peer.empty())
        views.push_back({port->ref(), &port->info});
    };
    std::ranges::for_each(device.sources, add);
    std::ranges::for_each(device.sinks, add);
  });
  return views;
}

void Topology::refit_device(const Device& device, std::uint64_t now_ns) {
  for (auto& [name, pipeline] : pipelines_) {
    if (names_device(*pipeline, device.name) ||
        (device.relays && names_device(*pipeline, kAnyLink)))
      refit(*pipeline, now_ns);
  }
}

// Makes the edges of a pipeline what they should be as things stand.
void Topology::refit(Pipeline& pipeline, std::uint64_t now_ns) {
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
  for (const EdgePlan& each : plan.edges) connect(pipeline, each, now_ns);
  drop_leftovers(pipeline, wanted, true, now_ns);
}

Edge& Topology::edge_for(Pipeline& pipeline, const EdgePlan& plan) {
  const SourcePort& source = *devices_.find_source(plan.source);
  const SinkPort& sink = *devices_.find_sink(plan.sink);
  EdgeKey key{source.device->name, source.info.name, sink.device->name, sink.info.name};
  for (const auto& edge : pipeline.edges) {
    if (edge->key == key) return *edge;
  }
  pipeline.edges.push_back(
      std::make_unique<Edge>(++edge_id_last_, pipeline.spec.name, std::move(key)));
  return *pipeline.edges.back();
}

void Topology::connect(Pipeline& pipeline, const EdgePlan& plan, std::uint64_t now_ns) {
  SourcePort& source = *devices_.find_source(plan.source);
  SinkPort& sink = *devices_.find_sink(plan.sink);
  Edge& edge = edge_for(pipeline, plan);
  const bool blocks = edge.queue.policy == Policy::block;
  edge.refused.clear();
  if (blocks && source.info.live)
    edge.refused =
        fmt::format("policy block: the source {} is live, it cannot be paused", edge.key.source());
  if (blocks && (source.device->relays || sink.device->relays))
    edge.refused = "policy block is refused on links";

  edge.of_switch = pipeline.spec.of_switch;
  edge.closed = !pipeline.open;
  edge.offered = plan.topics;
  set_topics(edge, now_ns);
  note_feed(edge, source.ref());

  const bool wanted = pipeline.spec.enabled && edge.refused.empty();
  if (!wanted && edge.source != nullptr) unlink_source(edge, now_ns);
  const bool begins = wanted && edge.source == nullptr;
  const bool joins = begins || (wanted && edge.sink == nullptr);
  if (begins) link_source(edge, source);
  if (edge.sink == nullptr) link_sink(edge, sink, now_ns);
  expect(edge.sink == &sink, "an edge leaves its old sink before it gets a new one");
  if (begins) held_.press_modifiers(edge, now_ns);
  if (!joins) return;
  messages_.replay(edge, now_ns);
  refreshes_.join(edge, now_ns);
}

// Edges that the plan does not have: those that merely wait for a port may
// stay, the others go.
void Topology::drop_leftovers(Pipeline& pipeline, const std::vector<EdgeId>& wanted,
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

void Topology::release_all(std::uint64_t now_ns) {
  for (auto& [name, pipeline] : pipelines_) {
    for (const auto& edge : pipeline->edges) held_.release(*edge, now_ns);
  }
  devices_.each([](const Device& device) {
    for (const auto& port : device.sources) port->down.reset();
  });
}

std::vector<BufferConsumer> Topology::consumers_of(PortRef source) const {
  std::vector<BufferConsumer> consumers;
  if (const SourcePort* port = devices_.find_source(source)) {
    for (const Edge* edge : port->edges)
      if (edge->feed) consumers.push_back(*edge->feed);
  }
  return consumers;
}

std::uint64_t Topology::published(DeviceId source) const {
  const Device* device = devices_.find(source);
  return device == nullptr ? 0 : device->origin_sequence;
}

bool Topology::settled(DeviceId source) const {
  const Device* device = devices_.find(source);
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

}  // namespace dkvm::detail
