#include "pipelines/core.hpp"

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

RouterStats RouterCore::stats() const {
  RouterStats stats = totals_;
  for (const auto& [name, pipeline] : pipelines_) {
    PipelineStats each;
    each.name = name;
    each.missing = pipeline->missing;
    if (!pipeline->spec.enabled) each.state = PipelineState::disabled;
    for (const auto& edge : pipeline->edges) {
      each.edges.push_back(edge_stats(*edge));
      if (pipeline->spec.enabled && each.edges.back().state == EdgeState::active)
        each.state = PipelineState::active;
    }
    for (const auto& edge : retired_) {
      if (edge->pipeline == name) each.edges.push_back(edge_stats(*edge));
    }
    stats.pipelines.push_back(std::move(each));
  }
  return stats;
}

void RouterCore::reset_stats() {
  totals_ = {};
  const auto reset = [](Edge& edge) {
    edge.counters = {};
    // What is queued has come in, so that the sums stay right.
    edge.counters.in = edge.queued.events;
    edge.queued.events_max = edge.queued.events;
    edge.latencies.reset();
  };
  for (auto& [name, pipeline] : pipelines_) {
    for (const auto& edge : pipeline->edges) reset(*edge);
  }
  for (const auto& edge : retired_) reset(*edge);
}

}  // namespace dkvm::detail
