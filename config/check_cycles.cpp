#include "config/check_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace dkvm::detail {
namespace {

// From a device to others, each with the address in `to` that says so first.
using Edges = std::map<std::string_view, const Address*>;
using Graph = std::map<std::string_view, Edges>;

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
      for (const auto& [target, address] : found->second) follow(target, *address);
    path_.pop_back();
  }

  void follow(std::string_view target, const Address& address) {
    const auto start = std::find(path_.begin(), path_.end(), target);
    if (start == path_.end()) return visit(target);
    std::string route;
    for (auto device = start; device != path_.end(); ++device)
      route += fmt::format("{} -> ", *device);
    errors_.add(address.at, fmt::format("events would go round in a cycle ({}{}), expected "
                                        "pipelines that lead one way",
                                        route, target));
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
  // A device with only ports of its own: not the kernel, not a link.
  const auto plain = [&](const std::vector<Address>& addresses) {
    std::vector<const Address*> out;
    for (const Address& address : addresses)
      if (!address.is_kernel() && !has_runtime_ports(address, context)) out.push_back(&address);
    return out;
  };
  Graph graph;
  const auto add = [&](const std::vector<Address>& from, const std::vector<Address>& to) {
    const auto targets = plain(to);
    for (const Address* source : plain(from))
      for (const Address* target : targets)
        // A pipeline onto itself has been reported as such.
        if (source->device != target->device)
          graph[source->device].try_emplace(target->device, target);
  };
  for (const PipelineConfig& pipeline : context.config.pipelines)
    if (!pipeline.broken) add(pipeline.from, pipeline.to);
  std::vector<std::vector<Address>> ends;  // the graph points into it
  for (const SwitchConfig& each : context.config.switches) {
    std::vector<Address>& to = ends.emplace_back();
    for (const SwitchTargetConfig& target : each.targets)
      if (target.to) to.push_back(*target.to);
  }
  for (std::size_t i = 0; i < ends.size(); ++i)
    if (!context.config.switches[i].broken) add(context.config.switches[i].sources, ends[i]);
  CycleFinder(graph, context.errors).run();
}

}  // namespace dkvm::detail
