#include "kernel/rpc/services/pipelines.hpp"

#include "config/suggest.hpp"
#include "kernel/rpc/number_key.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace dkvm {
namespace {

enum class Shown : std::uint8_t { percentiles, buckets };

double us(std::uint64_t ns) { return static_cast<double>(ns) / 1e3; }

nlohmann::json describe(const LatencyStats& latency, Shown shown) {
  if (shown == Shown::buckets) {
    nlohmann::json buckets = nlohmann::json::array();
    if (latency.count != 0) buckets = latency.buckets;
    return {{"count", latency.count},
            {"sum_us", us(latency.sum_ns)},
            {"max_us", us(latency.max_ns)},
            {"buckets", std::move(buckets)}};
  }
  return {{"count", latency.count},
          {"p50_us", us(latency.p50_ns)},
          {"p99_us", us(latency.p99_ns)},
          {"p999_us", us(latency.p999_ns)},
          {"max_us", us(latency.max_ns)}};
}

nlohmann::json describe_drops(const EdgeCounters& counters) {
  nlohmann::json reasons = nlohmann::json::object();
  for (std::size_t i = 0; i < kDropReasons; ++i)
    if (counters.dropped[i] != 0)
      reasons[std::string(name(static_cast<Drop>(i)))] = counters.dropped[i];
  return reasons;
}

nlohmann::json describe(const EdgeStats& edge, const TopicTable& topics, Shown shown) {
  const EdgeCounters& counters = edge.counters;
  return {{"id", edge.id},
          {"pipeline", edge.pipeline},
          {"from", edge.source},
          {"to", edge.sink},
          {"state", name(edge.state)},
          {"reason", edge.reason},
          {"topics", topics.names(edge.topics)},
          {"in", counters.in},
          {"delivered", counters.delivered},
          {"dropped", counters.dropped_in_all()},
          {"drops", describe_drops(counters)},
          {"coalesced", counters.coalesced},
          {"made", counters.made},
          {"gaps", counters.gaps},
          {"lost", counters.lost},
          {"refreshes", counters.refreshes},
          {"mended", counters.mended},
          {"depth", edge.queued},
          {"depth_max", edge.queued_max},
          {"latency",
           {{"captured", describe(edge.captured_to_received, shown)},
            {"queued", describe(edge.received_to_sent, shown)},
            {"applied", describe(edge.sent_to_applied, shown)},
            {"whole", describe(edge.captured_to_applied, shown)}}}};
}

nlohmann::json describe(const PipelineSummary& pipeline) {
  return {{"name", pipeline.name},
          {"state", name(pipeline.state)},
          {"enabled", pipeline.state != PipelineState::disabled},
          {"missing", pipeline.missing},
          {"edge_count", pipeline.edges},
          {"in", pipeline.in},
          {"delivered", pipeline.delivered},
          {"dropped", pipeline.dropped},
          {"gaps", pipeline.gaps}};
}

Result<nlohmann::json> summary_of(const Router& router, const std::string& pipeline) {
  const auto found = router.summary_of(pipeline);
  if (!found) return fail(no_pipeline(pipeline, router));
  return describe(*found);
}

// One more than a page holds, for `next`.
constexpr std::size_t kEdgesRead = AnswerPage::kItemsMax + 1;

Result<EdgeId> edge_after(const Params& params) {
  DKVM_TRY(const std::uint64_t after, number_after(params));
  return static_cast<EdgeId>(std::min<std::uint64_t>(after, std::numeric_limits<EdgeId>::max()));
}

Result<nlohmann::json> page_of(const std::vector<EdgeStats>& edges, const TopicTable& topics,
                               const Params& params, Shown shown, nlohmann::json beside) {
  return page(
      "edges", edges, params, [](const EdgeStats& edge) { return number_key(edge.id); },
      [&](const EdgeStats& edge) { return describe(edge, topics, shown); }, std::move(beside));
}

// A summary and one page of the edges.
Result<nlohmann::json> stats_of(Switchboard& switchboard, const Params& params) {
  const Router& router = switchboard.router();
  DKVM_TRY(const std::string pipeline, params.text("name"));
  DKVM_TRY(const EdgeId after, edge_after(params));
  DKVM_TRY(nlohmann::json summary, summary_of(router, pipeline));
  return page_of(router.edges_of(pipeline, after, kEdgesRead), switchboard.topics(), params,
                 Shown::percentiles, std::move(summary));
}

// One page of the edges of all pipelines.
Result<nlohmann::json> edges_of_all(Switchboard& switchboard, const Params& params) {
  DKVM_TRY(const EdgeId after, edge_after(params));
  DKVM_TRY(const bool buckets, params.flag("buckets"));
  nlohmann::json beside = nlohmann::json::object();
  if (buckets)
    for (const std::uint64_t bound : kLatencyBoundsNs) beside["bounds_us"].push_back(us(bound));
  return page_of(switchboard.router().edges(after, kEdgesRead), switchboard.topics(), params,
                 buckets ? Shown::buckets : Shown::percentiles, std::move(beside));
}

}  // namespace

Error no_pipeline(std::string_view name, const Router& router) {
  const auto pipelines = router.summaries();
  std::vector<std::string_view> names;
  for (const PipelineSummary& pipeline : pipelines) names.push_back(pipeline.name);
  return Error(Errc::not_found, fmt::format("there is no pipeline {}{}", detail::in_quotes(name),
                                            detail::did_you_mean(name, names)));
}

void PipelineServices::add_to(ServiceTable& table) {
  using Json = Result<nlohmann::json>;
  table.add("pipelines.list", {"after", "limit"},
            [*this](const ServiceCall&, const Params& params) {
              return page(
                  "pipelines", switchboard.router().summaries(), params,
                  [](const PipelineSummary& each) { return each.name; },
                  [](const PipelineSummary& each) { return describe(each); });
            });
  table.add(
      "pipelines.stats", {"name", "after", "limit"},
      [*this](const ServiceCall&, const Params& params) { return stats_of(switchboard, params); });
  table.add("pipelines.edges", {"after", "limit", "buckets"},
            [*this](const ServiceCall&, const Params& params) {
              return edges_of_all(switchboard, params);
            });
  table.add("pipelines.create", {"pipeline"},
            [*this](const ServiceCall&, const Params& params) -> Json {
              const auto* wanted = params.find("pipeline");
              if (wanted == nullptr || !wanted->is_object())
                return fail(Errc::invalid,
                            "'pipeline' must be given, as an object like one of the YAML's");
              DKVM_TRY(PipelineSpec spec, parse(wanted->dump()));
              const std::string pipeline = spec.name;
              DKVM_CHECK(pipelines.add(std::move(spec), now_ns()));
              switchboard.settle_soon();
              return summary_of(switchboard.router(), pipeline);
            });
  table.add("pipelines.remove", {"name"},
            [*this](const ServiceCall&, const Params& params) -> Json {
              DKVM_TRY(const std::string pipeline, params.text("name"));
              DKVM_CHECK(pipelines.remove(pipeline, now_ns()));
              switchboard.settle_soon();
              return nlohmann::json::object();
            });
  const auto add_switch = [&](const char* method, bool enabled) {
    table.add(method, {"name"}, [*this, enabled](const ServiceCall&, const Params& params) -> Json {
      DKVM_TRY(const std::string pipeline, params.text("name"));
      DKVM_CHECK(pipelines.enable(pipeline, enabled, now_ns()));
      switchboard.settle_soon();
      return summary_of(switchboard.router(), pipeline);
    });
  };
  add_switch("pipelines.enable", true);
  add_switch("pipelines.disable", false);
}

}  // namespace dkvm
