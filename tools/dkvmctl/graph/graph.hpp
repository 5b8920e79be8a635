#pragma once

#include "config/model.hpp"
#include "tools/dkvmctl/sample.hpp"

#include <map>
#include <string>
#include <vector>

namespace dkvm::ctl {

// What goes where, as a picture that Graphviz draws.
struct Graph {
  enum class Look { good, careful, bad, faint };

  struct Node {
    std::vector<std::string> lines;  // its name first
    Look look = Look::good;
    bool outside = false;  // no device of this kernel
  };
  struct Edge {
    std::string from;  // names of nodes
    std::string to;
    std::vector<std::string> lines;
    Look look = Look::good;
    bool offered = false;  // a way that a switch may open
  };

  std::string title;
  std::map<std::string, Node> nodes;  // by name
  std::vector<Edge> edges;

  // The node of an address, made where there is none yet: a device, or what is beyond it.
  std::string node_of(const std::string& address);
};

// A kernel at work: states, rates, drops, latencies.
Graph graph_of(const Sample& now, const Rates& rates);

// What a file says.
Graph graph_of(const Config& config);

// In Graphviz's language.
std::string dot_of(const Graph& graph);

}  // namespace dkvm::ctl
