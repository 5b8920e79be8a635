#include "pipelines/graph.hpp"

#include <algorithm>

namespace dkvm::detail {
namespace {

// The ports that an address means at present.
std::vector<PortView> find_ports(const PortAddress& address, wire::Direction direction,
                                 std::string_view pipeline, const PortLister& lister) {
  std::vector<PortView> ports = lister(address.device);
  std::erase_if(ports, [&](const PortView& view) { return view.port->direction != direction; });
  if (address.port.empty()) return ports;
  const auto only = [&](std::string_view wanted) {
    std::vector<PortView> named = ports;
    std::erase_if(named, [&](const PortView& view) { return view.port->name != wanted; });
    return named;
  };
  std::vector<PortView> exact = only(address.port);
  if (!exact.empty() || address.port.find('/') != std::string::npos) return exact;
  return only(address.port + "/" + std::string(pipeline));  // the stream named like the pipeline
}

struct Taker {
  PortView port;
  TopicSet topics;  // that go to this port rather than to its siblings
};

std::vector<Taker> share_topics(std::vector<PortView> ports) {
  std::stable_partition(ports.begin(), ports.end(),
                        [](const PortView& view) { return !view.port->topics.open(); });
  std::vector<Taker> takers;
  TopicSet taken;
  for (const PortView& view : ports) {
    takers.push_back({view, view.port->topics - taken});
    taken = taken | view.port->topics;
  }
  return takers;
}

void add_edge(std::vector<EdgePlan>& edges, EdgePlan edge) {
  if (edge.topics.empty()) return;
  for (EdgePlan& known : edges) {
    if (known.source != edge.source || known.sink != edge.sink) continue;
    known.topics = known.topics | edge.topics;
    return;
  }
  edges.push_back(std::move(edge));
}

}  // namespace

Plan plan_edges(std::string_view pipeline, std::span<const std::string> from,
                std::span<const std::string> to, const TopicSet& events, const PortLister& lister) {
  Plan plan;
  const auto ports_of = [&](const std::string& text, wire::Direction direction) {
    const Result<PortAddress> address = parse_port_address(text);
    std::vector<PortView> ports;
    if (address) ports = find_ports(*address, direction, pipeline, lister);
    if (ports.empty()) plan.missing.push_back(text);
    return ports;
  };

  std::vector<PortView> sources;
  for (const std::string& text : from) {
    for (const PortView& view : ports_of(text, wire::Direction::source)) sources.push_back(view);
  }
  for (const std::string& text : to) {
    for (const Taker& taker : share_topics(ports_of(text, wire::Direction::sink))) {
      for (const PortView& source : sources) {
        add_edge(plan.edges,
                 {source.ref, taker.port.ref, source.port->topics & taker.topics & events});
      }
    }
  }
  return plan;
}

}  // namespace dkvm::detail
