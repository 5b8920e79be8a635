#include "tools/dkvmctl/graph/graph.hpp"

#include "config/loader.hpp"
#include "tools/dkvmctl/interrupt.hpp"
#include "tools/dkvmctl/interval.hpp"
#include "tools/dkvmctl/new_file.hpp"
#include "tools/dkvmctl/run_tool.hpp"

#include <fmt/format.h>

#include <memory>

namespace dkvm::ctl {
namespace {

constexpr std::chrono::milliseconds kDrawTimeMax{60'000};

struct GraphOptions {
  std::string config;
  std::string interval = "1s";
  std::string output;
  bool dot = false;
  bool svg = false;
};

Result<std::string> svg_of(const std::string& dot) {
  auto drawn = run_tool({"dot", "-Tsvg"}, dot, kDrawTimeMax);
  if (!drawn && drawn.error().code() == Errc::not_found)
    return fail(Errc::not_found,
                "--svg needs Graphviz, whose program `dot` is not there: `apt install graphviz`, "
                "or draw what --dot prints elsewhere");
  if (!drawn) return fail(std::move(drawn).error());
  if (drawn->status == 0) return std::move(drawn->out);
  return fail(Errc::internal,
              fmt::format("`dot` ended with status {}: {}", drawn->status, drawn->err));
}

Json as_json(const Graph& graph) {
  Json nodes = Json::array();
  for (const auto& [name, node] : graph.nodes)
    nodes.push_back({{"name", name}, {"device", !node.outside}, {"lines", node.lines}});
  Json edges = Json::array();
  for (const Graph::Edge& edge : graph.edges)
    edges.push_back({{"from", edge.from}, {"to", edge.to}, {"lines", edge.lines}});
  return {{"title", graph.title}, {"nodes", std::move(nodes)}, {"edges", std::move(edges)}};
}

Result<> write(Screen& screen, const GraphOptions& options, const std::string& text) {
  if (options.output.empty()) {
    screen.print(text);
    return {};
  }
  DKVM_CHECK(write_new_file(options.output, text, IfThere::replace));
  screen.note(fmt::format("{} is written", options.output));
  return {};
}

Result<> show(Screen& screen, const GraphOptions& options, const Graph& graph) {
  if (screen.json()) {
    screen.document(as_json(graph));
    return {};
  }
  const std::string dot = dot_of(graph);
  if (!options.svg) return write(screen, options, dot);
  DKVM_TRY(const std::string svg, svg_of(dot));
  return write(screen, options, svg);
}

Result<> show_file(Screen& screen, const GraphOptions& options) {
  const auto config = load_config(options.config, LoadOptions::of_this_machine());
  if (config) return show(screen, options, graph_of(*config));
  return fail(Errc::invalid, to_string(config.error()));
}

Called<> show_kernel(Ctl& ctl, const GraphOptions& options) {
  const Interrupt interrupt;
  DKVM_TRY(const Sample before, take_sample(ctl));
  if (interrupt.wait(*parse_timeout(options.interval))) return {};
  DKVM_TRY(const Sample now, take_sample(ctl));
  if (auto shown = show(ctl.screen, options, graph_of(now, Rates(before, now))); !shown)
    return fail(failed_here(std::move(shown).error()));
  return {};
}

}  // namespace

void add_graph(CLI::App& app, Command& chosen, LocalCommand& chosen_here) {
  auto* command =
      app.add_subcommand("graph", "Devices and edges as a picture: DOT, or SVG")->group(kGroupLook);
  const auto options = std::make_shared<GraphOptions>();  // lives as long as the parser's callback
  command->add_option("--config", options->config, "what this file says, without any kernel")
      ->type_name("FILE");
  auto* dot = command->add_flag("--dot", options->dot, "in Graphviz's language, as without it");
  command->add_flag("--svg", options->svg, "drawn by Graphviz, if it is installed")->excludes(dot);
  command->add_option("-o,--output", options->output, "into this file, not to stdout")
      ->type_name("FILE");
  add_interval_option(*command, options->interval);
  command->callback([&chosen, &chosen_here, options] {
    if (options->config.empty())
      chosen = [options](Ctl& ctl) { return show_kernel(ctl, *options); };
    else
      chosen_here = local_command(options, show_file);
  });
}

}  // namespace dkvm::ctl
