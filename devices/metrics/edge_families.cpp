#include "devices/metrics/rows.hpp"

#include "devices/metrics/limits.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

namespace dkvm::metrics {
namespace {

constexpr std::array<std::string_view, 4> kPipelineStates = {"active", "closed",
                                                             "waiting-for-device", "disabled"};
constexpr std::array kDropReasons = {"filtered",  "duplicate", "orphan",     "merged", "invalid",
                                     "overflow",  "stale",     "superseded", "oldest", "delta",
                                     "sink_gone", "waiting",   "exhausted"};
constexpr std::array kHops = {"captured", "queued", "applied", "whole"};

struct Kind {
  const char* name;
  std::vector<std::string_view> topics;
};

// What an edge is for, by what it carries. One that carries input is judged as input,
// whatever else it takes.
const char* kind_of(const Json& edge) {
  static const std::array<Kind, 4> kKinds = {{
      {"input", {"key", "pointer_motion", "pointer_button", "pointer_scroll", "touch"}},
      {"picture", {"display_frame"}},
      {"sound", {"audio_frame"}},
      {"media", {"media_packet"}},
  }};
  std::set<std::string, std::less<>> topics;
  for (const Json& topic : list_of(edge, "topics"))
    if (topic.is_string()) topics.insert(topic.get<std::string>());
  for (const Kind& kind : kKinds)
    for (const std::string_view topic : kind.topics)
      if (topics.contains(topic)) return kind.name;
  return "other";
}

std::vector<double> seconds_of(const Json& list_us) {
  constexpr double kUsPerS = 1e6;
  std::vector<double> seconds;
  for (const Json& us : list_us)
    if (us.is_number()) seconds.push_back(us.get<double>() / kUsPerS);
  return seconds;
}

// Hops that nothing was measured of have no histogram.
void add_latency(Sheet& sheet, const Json& edge, Labels labels,
                 const std::vector<double>& bounds_s) {
  constexpr double kUsPerS = 1e6;
  labels.emplace_back();
  for (const char* hop : kHops) {
    const Json& told = field(field(edge, "latency"), hop);
    std::vector<std::uint64_t> counts;
    for (const Json& count : list_of(told, "buckets"))
      counts.push_back(count.is_number_unsigned() ? count.get<std::uint64_t>() : 0);
    if (counts.size() != bounds_s.size() + 1) continue;
    labels.back() = hop;
    sheet.add(metric::kLatency, labels,
              Buckets{bounds_s, counts, number_of(told, "sum_us") / kUsPerS});
  }
}

void add_edge(Sheet& sheet, const Json& edge, const std::vector<double>& bounds_s) {
  const Labels labels = {text_of(edge, "pipeline"), text_of(edge, "from"), text_of(edge, "to"),
                         kind_of(edge)};
  const auto add = [&](const MetricInfo& metric, const char* name) {
    sheet.add(metric, labels, number_of(edge, name));
  };
  sheet.add(metric::kEdgeActive, labels, text_of(edge, "state") == "active" ? 1 : 0);
  add(metric::kEdgeIn, "in");
  add(metric::kDelivered, "delivered");
  add(metric::kCoalesced, "coalesced");
  add(metric::kMade, "made");
  add(metric::kEdgeGaps, "gaps");
  add(metric::kLost, "lost");
  add(metric::kRefreshes, "refreshes");
  add(metric::kMended, "mended");
  add(metric::kQueue, "depth");
  add(metric::kQueueMax, "depth_max");
  Labels with_reason = labels;
  with_reason.emplace_back();
  for (const char* reason : kDropReasons) {
    with_reason.back() = reason;
    sheet.add(metric::kDrops, with_reason, number_of(field(edge, "drops"), reason));
  }
  add_latency(sheet, edge, labels, bounds_s);
}

}  // namespace

void add_pipelines(Sheet& sheet, const Snapshot& seen, LeftOut& left_out) {
  each_row(
      seen.pipelines, kPipelinesMax, "pipelines", left_out,
      [](const Json& pipeline) { return text_of(pipeline, "name"); },
      [&](const Json& pipeline) {
        const std::string name = text_of(pipeline, "name");
        sheet.add_state(metric::kPipelineState, {name}, kPipelineStates,
                        text_of(pipeline, "state"));
        sheet.add(metric::kMissing, {name},
                  static_cast<double>(list_of(pipeline, "missing").size()));
      });
}

// The edges of a pipeline that was made anew may be there beside those on their way out:
// the newest of a name is told. They come in the order in which they were made.
void add_edges(Sheet& sheet, const Snapshot& seen, LeftOut& left_out) {
  const std::vector<double> bounds_s = seconds_of(seen.bounds_us);
  std::map<std::string, std::size_t> newest;
  for (std::size_t at = 0; at < seen.edges.size(); ++at) {
    const Json& edge = seen.edges[at];
    newest[joined(text_of(edge, "pipeline"), text_of(edge, "from"), text_of(edge, "to"))] = at;
  }
  std::set<std::size_t> rows;
  for (const auto& [name, at] : newest) rows.insert(at);
  std::size_t shown = 0;
  for (const std::size_t at : rows) {
    if (++shown > kEdgesMax)
      ++left_out["edges"];
    else
      add_edge(sheet, seen.edges[at], bounds_s);
  }
}

}  // namespace dkvm::metrics
