#pragma once

#include "pipelines/stats.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace dkvm {

// An edge that did not deliver all that it was given. What its policy replaces
// by something newer (motion, pictures, the oldest sound) is no loss.
struct Loss {
  std::string pipeline;
  std::string source;  // `keyboard/keys`
  std::string sink;
  std::uint64_t events = 0;
  std::string reason;  // of an edge that could not be at all
};

inline std::uint64_t events_lost(const EdgeCounters& counters) {
  std::uint64_t dropped = 0;
  for (const Drop reason : {Drop::overflow, Drop::stale, Drop::delta, Drop::sink_gone})
    dropped += counters.dropped_for(reason);
  // `lost` has in addition what a sink took but had not applied when it died.
  return counters.dropped_for(Drop::waiting) + std::max(counters.lost, dropped);
}

// Of the edges that begin at one of these devices.
inline std::vector<Loss> losses_of(const std::vector<PipelineStats>& pipelines,
                                   const std::vector<std::string>& sources) {
  std::vector<Loss> losses;
  for (const PipelineStats& pipeline : pipelines) {
    for (const EdgeStats& edge : pipeline.edges) {
      const std::string device = edge.source.substr(0, edge.source.find('/'));
      if (std::ranges::find(sources, device) == sources.end()) continue;
      const std::uint64_t events = events_lost(edge.counters);
      if (events != 0 || edge.state == EdgeState::refused)
        losses.push_back({pipeline.name, edge.source, edge.sink, events, edge.reason});
    }
  }
  return losses;
}

}  // namespace dkvm
