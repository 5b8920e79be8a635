#pragma once

#include "pipelines/address.hpp"
#include "pipelines/spec.hpp"
#include "pipelines/stats.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm {

// An edge that did not deliver all that it was given. What its policy replaces
// by something newer (motion, the oldest sound, parts of a picture by a whole
// one) is no loss.
struct Loss {
  std::string pipeline;
  std::string source;  // `keyboard/keys`
  std::string sink;
  std::uint64_t events = 0;
  std::string reason;  // of an edge that could not be at all
};

inline std::uint64_t events_lost(const EdgeCounters& counters) {
  std::uint64_t dropped = 0;
  for (const Drop reason :
       {Drop::overflow, Drop::stale, Drop::delta, Drop::sink_gone, Drop::waiting, Drop::exhausted})
    dropped += counters.dropped_for(reason);
  dropped -= std::min(dropped, counters.mended);
  // `lost` has in addition what a sink took but had not applied when it died.
  return std::max(counters.lost, dropped);
}

// Of the edges that never were, as no sink of that name was ever there.
inline std::vector<Loss> losses_at_absent(
    const PipelineSpec& spec, const PipelineStats& stats, const std::vector<std::string>& sources,
    const std::function<std::uint64_t(std::string_view device)>& published) {
  std::vector<Loss> losses;
  for (const std::string& to : spec.to) {
    const auto leads_there = [&](const EdgeStats& edge) {
      return device_of(edge.sink) == device_of(to);
    };
    if (std::ranges::find(stats.missing, to) == stats.missing.end() ||
        std::ranges::any_of(stats.edges, leads_there))
      continue;
    for (const std::string& from : spec.from) {
      if (std::ranges::find(sources, device_of(from)) == sources.end()) continue;
      if (const std::uint64_t events = published(device_of(from)); events != 0)
        losses.push_back({spec.name, from, to, events, "it was never there"});
    }
  }
  return losses;
}

// Of the edges that begin at one of these devices.
inline std::vector<Loss> losses_of(const std::vector<PipelineStats>& pipelines,
                                   const std::vector<std::string>& sources) {
  std::vector<Loss> losses;
  for (const PipelineStats& pipeline : pipelines) {
    for (const EdgeStats& edge : pipeline.edges) {
      const std::string_view device = device_of(edge.source);
      if (std::ranges::find(sources, device) == sources.end()) continue;
      const std::uint64_t events = events_lost(edge.counters);
      if (events != 0 || edge.state == EdgeState::refused)
        losses.push_back({pipeline.name, edge.source, edge.sink, events, edge.reason});
    }
  }
  return losses;
}

}  // namespace dkvm
