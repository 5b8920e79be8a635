#include "tools/dkvmctl/graph/graph.hpp"

#include <fmt/format.h>

namespace dkvm::ctl {
namespace {

// Of a link the peer alone: what is beyond it is one machine.
std::string address_of(const Address& address) {
  if (!address.is_link()) return address.text();
  return fmt::format("{}{}", kLinkPrefix, address.port.substr(0, address.port.find('/')));
}

Graph::Node node_of_device(const DeviceConfig& device) {
  Graph::Node node{{device.name}, device.enabled ? Graph::Look::good : Graph::Look::faint, false};
  if (!device.type.empty() && device.type != device.name) node.lines.push_back(device.type);
  if (!device.exec.empty()) node.lines.push_back(device.exec.front());
  if (!device.enabled) node.lines.emplace_back("not enabled");
  return node;
}

void add_pipeline(Graph& graph, const PipelineConfig& pipeline) {
  std::vector<std::string> lines = {pipeline.name};
  std::string topics;
  for (const TopicConfig& topic : pipeline.events)
    topics += fmt::format("{}{}", topics.empty() ? "" : ", ", topic.name);
  if (!topics.empty()) lines.push_back(topics);
  for (const StageConfig& stage : pipeline.via) lines.push_back(fmt::format("via {}", stage.name));
  if (pipeline.queue.policy) lines.emplace_back(name(*pipeline.queue.policy));
  if (!pipeline.enabled) lines.emplace_back("not enabled");
  const auto look = pipeline.enabled ? Graph::Look::good : Graph::Look::faint;
  for (const Address& from : pipeline.from)
    for (const Address& to : pipeline.to)
      graph.edges.push_back(
          {graph.node_of(address_of(from)), graph.node_of(address_of(to)), lines, look, false});
}

void add_switch(Graph& graph, const SwitchConfig& each) {
  for (const SwitchTargetConfig& target : each.targets) {
    if (!target.to) continue;
    for (const Address& from : each.sources)
      graph.edges.push_back({graph.node_of(address_of(from)),
                             graph.node_of(address_of(*target.to)),
                             {fmt::format("{}: {}", each.name, target.name)},
                             Graph::Look::good,
                             true});
  }
}

}  // namespace

Graph graph_of(const Config& config) {
  Graph graph;
  graph.title = config.kernel.name;
  for (const DeviceConfig& device : config.devices)
    graph.nodes[device.name] = node_of_device(device);
  for (const PipelineConfig& pipeline : config.pipelines) add_pipeline(graph, pipeline);
  for (const SwitchConfig& each : config.switches) add_switch(graph, each);
  return graph;
}

}  // namespace dkvm::ctl
