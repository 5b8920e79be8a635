#include "pipelines/topology.hpp"

#include <algorithm>

// Edges that are there, and open or closed.
namespace dkvm::detail {

const Pipeline* Topology::pipeline(std::string_view name) const {
  const auto known = pipelines_.find(name);
  return known == pipelines_.end() ? nullptr : known->second.get();
}

// Held keys must not stay behind when their topic leaves the edge.
void Topology::set_topics(Edge& edge, std::uint64_t now_ns) {
  const TopicSet topics = edge.closed ? TopicSet() : edge.offered;
  const bool loses_some = !(edge.topics - topics).empty();
  if (edge.source != nullptr && loses_some) held_.release(edge, now_ns);
  edge.topics = topics;
}

void Topology::close(std::string_view name, std::uint64_t now_ns) {
  const auto known = pipelines_.find(name);
  if (known == pipelines_.end() || !known->second->open) return;
  known->second->open = false;
  for (const auto& edge : known->second->edges) {
    edge->closed = true;
    set_topics(*edge, now_ns);
  }
}

void Topology::open(std::string_view name, const Opening& how, std::uint64_t now_ns) {
  const auto known = pipelines_.find(name);
  if (known == pipelines_.end() || known->second->open) return;
  Pipeline& pipeline = *known->second;
  pipeline.open = true;
  bool entered = how.enter == nullptr;
  for (const auto& edge : pipeline.edges) {
    edge->closed = false;
    set_topics(*edge, now_ns);
    const bool whole = edge->source != nullptr && edge->sink != nullptr;
    if (!whole) continue;
    messages_.replay(*edge, now_ns);
    if (!entered && edge->topics.contains(id_of(wire::Topic::pointer_motion))) {
      entered = true;
      held_.make_motion(*edge, *how.enter, now_ns);
    }
  }
  // Only now: the pointer is there before anything is pressed.
  press_modifiers(pipeline, how, now_ns);
}

void Topology::join(std::string_view name, const Opening& how, std::uint64_t now_ns) {
  const auto known = pipelines_.find(name);
  if (known == pipelines_.end() || !known->second->open) return;
  for (const auto& edge : known->second->edges)
    if (edge->source != nullptr && how.flows(*edge->source)) messages_.replay(*edge, now_ns);
  press_modifiers(*known->second, how, now_ns);
}

void Topology::press_modifiers(const Pipeline& pipeline, const Opening& how, std::uint64_t now_ns) {
  for (const auto& edge : pipeline.edges)
    if (edge->source != nullptr && how.flows(*edge->source))
      held_.press_modifiers(*edge, now_ns, how.withheld);
}

}  // namespace dkvm::detail
