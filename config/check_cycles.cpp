#include "config/check_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace dkvm::detail {
namespace {

// One pipeline's way from a device to another.
struct Edge {
  std::string_view target;
  const Address* address;  // in `to`
};

using Graph = std::map<std::string_view, std::vector<Edge>>;

// Walks depth first; an edge back onto the path that led here closes a cycle.
// Recursion is at most kDevicesMax deep.
class CycleFinder {
 public:
  CycleFinder(const Graph& graph, ErrorList& errors) : graph_(graph), errors_(errors) {}

  void run() {
    for (const auto& [device, edges] : graph_) visit(device);
  }

 private:
  void visit(std::string_view device) {
    if (!done_.insert(device).second) return;
    path_.push_back(device);
    if (const auto found = graph_.find(device); found != graph_.end())
      for (const Edge& edge : found->second) follow(edge);
    path_.pop_back();
  }

  void follow(const Edge& edge) {
    const auto start = std::find(path_.begin(), path_.end(), edge.target);
    if (start == path_.end()) return visit(edge.target);
    std::string route;
    for (auto device = start; device != path_.end(); ++device)
      route += fmt::format("{} -> ", *device);
    errors_.add(edge.address->at, fmt::format("events would go round in a cycle ({}{}), expected "
                                              "pipelines that lead one way",
                                              route, edge.target));
  }

  const Graph& graph_;
  ErrorList& errors_;
  std::set<std::string_view> done_;
  std::vector<std::string_view> path_;
};

}  // namespace

// Disabled pipelines count: they may be enabled at any time. Links do not:
// their ports are of different peers, and loops between kernels are cut by hop
// stamps.
void check_cycles(const CheckContext& context) {
  Graph graph;
  for (const PipelineConfig& pipeline : context.config.pipelines)
    for (const Address& source : pipeline.from)
      for (const Address& target : pipeline.to) {
        const bool plain = !source.is_kernel() && !has_runtime_ports(source, context) &&
                           !has_runtime_ports(target, context);
        // A pipeline onto itself has been reported as such.
        if (plain && source.device != target.device)
          graph[source.device].push_back({target.device, &target});
      }
  CycleFinder(graph, context.errors).run();
}

}  // namespace dkvm::detail
