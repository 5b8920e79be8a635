#include "pipelines/topology.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace dkvm::detail {
namespace {

EdgeState state_of(const Edge& edge) {
  if (!edge.refused.empty()) return EdgeState::refused;
  if (edge.retired) return EdgeState::draining;
  if (edge.source == nullptr || edge.sink == nullptr) return EdgeState::waiting;
  return edge.closed ? EdgeState::closed : EdgeState::active;
}

EdgeStats edge_stats(const Edge& edge) {
  EdgeStats stats;
  stats.id = edge.id;
  stats.pipeline = edge.pipeline;
  stats.source = edge.key.source();
  stats.sink = edge.key.sink();
  stats.reason = edge.refused;
  stats.topics = edge.offered;
  stats.counters = edge.counters;
  stats.queued = edge.queued.events;
  stats.queued_max = edge.queued.events_max;
  stats.state = state_of(edge);
  if (edge.latencies) {
    stats.captured_to_received = edge.latencies->captured_to_received.stats();
    stats.received_to_sent = edge.latencies->received_to_sent.stats();
    stats.sent_to_applied = edge.latencies->sent_to_applied.stats();
    stats.captured_to_applied = edge.latencies->captured_to_applied.stats();
  }
  return stats;
}

// Of those with ids above `after`, at most so many, in the order of ids.
std::vector<EdgeStats> stats_of(std::vector<const Edge*> edges, EdgeId after,
                                std::size_t edges_max) {
  std::erase_if(edges, [after](const Edge* edge) { return edge->id <= after; });
  const auto wanted = static_cast<std::ptrdiff_t>(std::min(edges.size(), edges_max));
  std::ranges::partial_sort(edges, edges.begin() + wanted, {}, &Edge::id);
  std::vector<EdgeStats> stats;
  stats.reserve(static_cast<std::size_t>(wanted));
  for (const Edge* edge : std::span(edges).first(static_cast<std::size_t>(wanted)))
    stats.push_back(edge_stats(*edge));
  return stats;
}

}  // namespace

// With those that are no longer wanted, which come last.
std::vector<const Edge*> Topology::all_edges(const Pipeline& pipeline) const {
  std::vector<const Edge*> edges;
  for (const auto& edge : pipeline.edges) edges.push_back(edge.get());
  for (const auto& edge : retired_)
    if (edge->pipeline == pipeline.spec.name) edges.push_back(edge.get());
  return edges;
}

PipelineSummary Topology::summary_of(const Pipeline& pipeline) const {
  PipelineSummary summary;
  summary.name = pipeline.spec.name;
  summary.missing = pipeline.missing;
  const auto any = [&](EdgeState state) {
    return std::ranges::any_of(pipeline.edges,
                               [state](const auto& edge) { return state_of(*edge) == state; });
  };
  if (!pipeline.spec.enabled) {
    summary.state = PipelineState::disabled;
  } else if (any(EdgeState::active)) {
    summary.state = PipelineState::active;
  } else if (any(EdgeState::closed)) {
    summary.state = PipelineState::closed;
  }
  for (const Edge* edge : all_edges(pipeline)) {
    ++summary.edges;
    summary.in += edge->counters.in;
    summary.delivered += edge->counters.delivered;
    summary.dropped += edge->counters.dropped_in_all();
    summary.gaps += edge->counters.gaps;
  }
  return summary;
}

std::vector<PipelineSummary> Topology::summaries() const {
  std::vector<PipelineSummary> all;
  for (const auto& [name, pipeline] : pipelines_) all.push_back(summary_of(*pipeline));
  return all;
}

std::optional<PipelineSummary> Topology::summary_of(std::string_view name) const {
  const auto known = pipelines_.find(name);
  if (known == pipelines_.end()) return std::nullopt;
  return summary_of(*known->second);
}

std::vector<EdgeStats> Topology::edges_of(std::string_view name, EdgeId after,
                                          std::size_t edges_max) const {
  const auto known = pipelines_.find(name);
  if (known == pipelines_.end()) return {};
  return stats_of(all_edges(*known->second), after, edges_max);
}

std::vector<EdgeStats> Topology::edges(EdgeId after, std::size_t edges_max) const {
  std::vector<const Edge*> edges;
  for (const auto& [name, pipeline] : pipelines_)
    for (const auto& edge : pipeline->edges) edges.push_back(edge.get());
  for (const auto& edge : retired_) edges.push_back(edge.get());
  return stats_of(std::move(edges), after, edges_max);
}

std::vector<PipelineStats> Topology::stats() const {
  std::vector<PipelineStats> all;
  for (const auto& [name, pipeline] : pipelines_) {
    PipelineSummary summary = summary_of(*pipeline);
    PipelineStats& stats = all.emplace_back();
    stats.name = std::move(summary.name);
    stats.state = summary.state;
    stats.missing = std::move(summary.missing);
    for (const Edge* edge : all_edges(*pipeline)) stats.edges.push_back(edge_stats(*edge));
  }
  return all;
}

}  // namespace dkvm::detail
