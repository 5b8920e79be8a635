#pragma once

#include "pipelines/address.hpp"
#include "pipelines/port.hpp"
#include "pipelines/topic_set.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// From addresses to ports: pure.
namespace dkvm::detail {

struct PortView {
  PortRef ref;
  const RoutedPort* port = nullptr;
};

// The open ports of a device, in the order of their ids; none for a device
// that is not there.
using PortLister = std::function<std::vector<PortView>(std::string_view device)>;

struct EdgePlan {
  PortRef source;
  PortRef sink;
  TopicSet topics;
};

struct Plan {
  std::vector<EdgePlan> edges;       // one for each pair of ports
  std::vector<std::string> missing;  // addresses without a port
};

// The edges of one pipeline as things stand. Each topic goes to one port of a
// target: the first that names it, else the first that takes every topic.
// events: the pipeline's filter, TopicSet::all() without one.
Plan plan_edges(std::string_view pipeline, std::span<const std::string> from,
                std::span<const std::string> to, const TopicSet& events, const PortLister& ports);

}  // namespace dkvm::detail
