#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/edge_text.hpp"
#include "tools/dkvmctl/pages.hpp"
#include "tools/dkvmctl/table.hpp"

#include <array>
#include <memory>

namespace dkvm::ctl {
namespace {

// As the kernel names them.
constexpr std::array kHops = {"captured", "queued", "applied", "whole"};

void add_hops(Table& table, const Json& edge) {
  bool first = true;
  for (const char* hop : kHops) {
    const Json& latency = field(field(edge, "latency"), hop);
    if (count_of(latency, "count") == 0) continue;
    table.row({first ? text_of(edge, "pipeline") : "", first ? way_text(edge) : "", hop,
               count_text(count_of(latency, "count")), micros_text(number_of(latency, "p50_us")),
               micros_text(number_of(latency, "p99_us")),
               micros_text(number_of(latency, "p999_us")),
               micros_text(number_of(latency, "max_us"))});
    first = false;
  }
}

// The edges of one pipeline, or of all.
Called<Json> edges_of(Ctl& ctl, const std::string& pipeline) {
  DKVM_TRY(const Json all, all_pages(ctl, "pipelines.edges", Json::object(), "edges"));
  if (pipeline.empty()) return all;
  Json edges = Json::array();
  for (const Json& edge : all)
    if (text_of(edge, "pipeline") == pipeline) edges.push_back(edge);
  if (!edges.empty()) return edges;
  // One without edges, or a slip: then the kernel says what may be meant.
  DKVM_TRY(const Json answer, ctl.kernel("pipelines.stats", {{"name", pipeline}}));
  return list_of(answer, "edges");
}

Called<> show_latency(Ctl& ctl, const std::string& pipeline) {
  DKVM_TRY(const Json edges, edges_of(ctl, pipeline));
  if (ctl.screen.json()) {
    Json shown = Json::array();
    for (const Json& edge : edges)
      shown.push_back({{"pipeline", text_of(edge, "pipeline")},
                       {"from", text_of(edge, "from")},
                       {"to", text_of(edge, "to")},
                       {"latency", field(edge, "latency")}});
    ctl.screen.document({{"edges", std::move(shown)}});
    return {};
  }
  Table table({{"PIPELINE"},
               {"EDGE"},
               {"HOP"},
               {"COUNT", Align::right},
               {"P50", Align::right},
               {"P99", Align::right},
               {"P99.9", Align::right},
               {"MAX", Align::right}});
  for (const Json& edge : edges) add_hops(table, edge);
  ctl.screen.print(table.empty() ? "nothing has been delivered yet\n"
                                 : table.render(ctl.screen.style()));
  return {};
}

}  // namespace

void add_latency(CLI::App& app, Command& chosen) {
  auto* command =
      app.add_subcommand("latency", "How long events take, by pipeline and hop")->group(kGroupLook);
  const auto pipeline = std::make_shared<std::string>();  // as long as the parser's callback
  command->add_option("PIPELINE", *pipeline, "only through this one")->type_name("PIPELINE");
  command->callback([&chosen, pipeline] {
    chosen = [pipeline](Ctl& ctl) { return show_latency(ctl, *pipeline); };
  });
}

}  // namespace dkvm::ctl
