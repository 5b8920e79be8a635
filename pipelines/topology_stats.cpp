#include "pipelines/topology.hpp"

namespace dkvm::detail {
namespace {

EdgeStats edge_stats(const Edge& edge) {
  EdgeStats stats;
  stats.id = edge.id;
  stats.source = edge.key.source();
  stats.sink = edge.key.sink();
  stats.reason = edge.refused;
  stats.counters = edge.counters;
  stats.queued = edge.queued.events;
  stats.queued_max = edge.queued.events_max;
  if (!edge.refused.empty()) {
    stats.state = EdgeState::refused;
  } else if (edge.retired) {
    stats.state = EdgeState::draining;
  } else if (edge.source != nullptr && edge.sink != nullptr) {
    stats.state = EdgeState::active;
  }
  if (edge.latencies) {
    stats.captured_to_received = edge.latencies->captured_to_received.stats();
    stats.received_to_sent = edge.latencies->received_to_sent.stats();
    stats.sent_to_applied = edge.latencies->sent_to_applied.stats();
  }
  return stats;
}

}  // namespace

PipelineStats Topology::stats_of(const Pipeline& pipeline) const {
  PipelineStats stats;
  stats.name = pipeline.spec.name;
  stats.missing = pipeline.missing;
  if (!pipeline.spec.enabled) stats.state = PipelineState::disabled;
  for (const auto& edge : pipeline.edges) {
    stats.edges.push_back(edge_stats(*edge));
    if (pipeline.spec.enabled && stats.edges.back().state == EdgeState::active)
      stats.state = PipelineState::active;
  }
  for (const auto& edge : retired_)
    if (edge->pipeline == stats.name) stats.edges.push_back(edge_stats(*edge));
  return stats;
}

std::optional<PipelineStats> Topology::stats_of(std::string_view name) const {
  const auto known = pipelines_.find(name);
  if (known == pipelines_.end()) return std::nullopt;
  return stats_of(*known->second);
}

std::vector<PipelineStats> Topology::stats() const {
  std::vector<PipelineStats> all;
  for (const auto& [name, pipeline] : pipelines_) all.push_back(stats_of(*pipeline));
  return all;
}

}  // namespace dkvm::detail
