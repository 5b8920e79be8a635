#include "tools/dkvmctl/edge_text.hpp"
#include "tools/dkvmctl/graph/graph.hpp"

#include <fmt/format.h>

namespace dkvm::ctl {
namespace {

Graph::Look look_of(const std::string& state) {
  switch (tone_of_state(state)) {
    case Tone::good: return Graph::Look::good;
    case Tone::bad: return Graph::Look::bad;
    case Tone::faint: return Graph::Look::faint;
    default: return Graph::Look::careful;
  }
}

Graph::Node node_of_device(const Json& device, const Rates& rates) {
  const std::string state = text_of(device, "state");
  Graph::Node node{{text_of(device, "name")}, look_of(state), false};
  const std::string type = text_of(device, "type");
  if (type != node.lines.front()) node.lines.push_back(type);
  if (count_of(device, "pid") == 0) {
    node.lines.push_back(state);
    return node;
  }
  if (state != "running") node.lines.push_back(state);
  node.lines.push_back(fmt::format("{}, {}", share_text(rates.cpu(device)),
                                   bytes_text(count_of(device, "rss_bytes"))));
  return node;
}

Graph::Edge edge_of(const Json& edge, const Rates& rates, Graph& graph) {
  const std::string state = text_of(edge, "state");
  Graph::Edge made{graph.node_of(text_of(edge, "from")),
                   graph.node_of(text_of(edge, "to")),
                   {text_of(edge, "pipeline")},
                   look_of(state),
                   false};
  if (state != "active") made.lines.push_back(state);
  made.lines.push_back(rate_text(rates.of_edge(edge, "delivered")) + "/s");
  if (const auto all = count_of(edge, "dropped"); all != 0)
    made.lines.push_back(fmt::format("{} dropped, {}/s", count_text(all),
                                     rate_text(rates.of_edge(edge, "dropped"))));
  if (const std::string latency = latency_text(edge, "whole"); !latency.empty())
    made.lines.push_back(latency);
  if (rates.of_edge(edge, "dropped") > 0 && made.look == Graph::Look::good)
    made.look = Graph::Look::careful;
  return made;
}

}  // namespace

std::string Graph::node_of(const std::string& address) {
  if (const std::string device = device_of(address); nodes.contains(device)) return device;
  nodes.try_emplace(address, Node{{address}, Look::faint, true});
  return address;
}

Graph graph_of(const Sample& now, const Rates& rates) {
  Graph graph;
  graph.title = text_of(now.kernel, "name");
  for (const Json& device : now.devices)
    graph.nodes[text_of(device, "name")] = node_of_device(device, rates);
  for (const Json& edge : now.edges) {
    auto made = edge_of(edge, rates, graph);
    graph.edges.push_back(std::move(made));
  }
  return graph;
}

}  // namespace dkvm::ctl
