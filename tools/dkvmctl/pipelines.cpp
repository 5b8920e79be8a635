#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/edge_text.hpp"
#include "tools/dkvmctl/pages.hpp"
#include "tools/dkvmctl/table.hpp"

#include <fmt/format.h>

#include <vector>

namespace dkvm::ctl {
namespace {

constexpr std::size_t kColumns = 13;

// Zeroes of counters that should be zero stay out of sight.
Cell trouble_cell(const Json& edge, const char* key) {
  const std::uint64_t count = count_of(edge, key);
  return count == 0 ? Cell("") : Cell(count_text(count), Tone::careful);
}

std::string depth_text(const Json& edge) {
  return fmt::format("{} (max {})", count_of(edge, "depth"), count_of(edge, "depth_max"));
}

void add_edge(Table& table, const Json& pipeline, const Json& edge) {
  const bool disabled = !flag_of(pipeline, "enabled");
  const std::string state = disabled ? "disabled" : text_of(edge, "state");
  const std::uint64_t coalesced = count_of(edge, "coalesced");
  table.row({text_of(pipeline, "name"),
             way_text(edge),
             {state, tone_of_state(state)},
             count_text(count_of(edge, "in")),
             count_text(count_of(edge, "delivered")),
             coalesced == 0 ? "" : count_text(coalesced),
             trouble_cell(edge, "dropped"),
             trouble_cell(edge, "gaps"),
             trouble_cell(edge, "refreshes"),
             depth_text(edge),
             latency_text(edge, "queued"),
             latency_text(edge, "applied"),
             text_of(edge, "reason")});
}

// A pipeline whose devices are not there has no edge to show.
void add_waiting(Table& table, const Json& pipeline) {
  const std::string missing = joined(list_of(pipeline, "missing"));
  const std::string state = flag_of(pipeline, "enabled") ? "waiting" : "disabled";
  std::vector<Cell> cells(kColumns, "");
  cells[0] = text_of(pipeline, "name");
  cells[2] = Cell(state, tone_of_state(state));
  cells[kColumns - 1] = missing.empty() ? "" : "missing: " + missing;
  table.row(std::move(cells));
}

// All pipelines, with all their edges. One that is removed meanwhile is none.
Called<Json> read_pipelines(Ctl& ctl) {
  DKVM_TRY(const Json listed, all_pages(ctl, "pipelines.list", Json::object(), "pipelines"));
  Json pipelines = Json::array();
  for (const Json& each : listed) {
    auto whole = whole_answer(ctl, "pipelines.stats", {{"name", text_of(each, "name")}}, "edges");
    if (whole) {
      pipelines.push_back(*std::move(whole));
    } else if (whole.error().kind != CallError::Kind::answered ||
               whole.error().error.code() != Errc::not_found) {
      return fail(std::move(whole).error());
    }
  }
  return pipelines;
}

Called<> list_pipelines(Ctl& ctl) {
  DKVM_TRY(const Json pipelines, read_pipelines(ctl));
  if (ctl.screen.json()) {
    ctl.screen.document({{"pipelines", pipelines}});
    return {};
  }
  constexpr Align kRight = Align::right;
  Table table({{"PIPELINE"},
               {"EDGE"},
               {"STATE"},
               {"IN", kRight},
               {"DELIVERED", kRight},
               {"COALESCED", kRight},
               {"DROPPED", kRight},
               {"GAPS", kRight},
               {"REFRESHES", kRight},
               {"DEPTH", kRight},
               {"QUEUED p50/p99", kRight},
               {"APPLIED p50/p99", kRight},
               {"REASON"}});
  for (const Json& pipeline : pipelines) {
    for (const Json& edge : list_of(pipeline, "edges")) add_edge(table, pipeline, edge);
    if (list_of(pipeline, "edges").empty()) add_waiting(table, pipeline);
  }
  ctl.screen.print(table.empty() ? "no pipelines\n" : table.render(ctl.screen.style()));
  return {};
}

}  // namespace

void add_pipelines(CLI::App& app, Command& chosen) {
  app.add_subcommand("pipelines", "All pipelines: counts, queues and latencies of each edge")
      ->group(kGroupLook)
      ->callback([&chosen] { chosen = list_pipelines; });
}

}  // namespace dkvm::ctl
