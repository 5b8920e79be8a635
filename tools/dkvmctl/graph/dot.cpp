#include "tools/dkvmctl/format.hpp"
#include "tools/dkvmctl/graph/graph.hpp"

#include <fmt/format.h>

namespace dkvm::ctl {
namespace {

const char* colour_of(Graph::Look look) {
  switch (look) {
    case Graph::Look::good: return "#2e6f40";
    case Graph::Look::careful: return "#b26a00";
    case Graph::Look::bad: return "#b3261e";
    case Graph::Look::faint: return "#8a8a8a";
  }
  return "black";
}

// As a quoted text of the language.
std::string dot_text(std::string_view text) {
  std::string made = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') made += '\\';
    made += c;
  }
  return made + "\"";
}

// Lines that Graphviz sets one below the other, in the middle.
std::string label_of(const std::vector<std::string>& lines) {
  std::string label;
  for (const std::string& line : lines) {
    if (line.empty()) continue;
    std::string text = dot_text(line);
    if (!label.empty()) label += "\\n";
    label += text.substr(1, text.size() - 2);
  }
  return "\"" + label + "\"";
}

}  // namespace

std::string dot_of(const Graph& graph) {
  std::string text = fmt::format(
      "digraph {} {{\n"
      "  rankdir=LR; label={}; labelloc=t; fontname=\"sans-serif\"; nodesep=0.4; ranksep=1;\n"
      "  node [shape=box, style=\"rounded,filled\", fillcolor=\"#f7f7f7\", "
      "fontname=\"sans-serif\", fontsize=11];\n"
      "  edge [fontname=\"sans-serif\", fontsize=9];\n",
      dot_text(graph.title), dot_text(graph.title));
  for (const auto& [name, node] : graph.nodes)
    text += fmt::format("  {} [label={}, color=\"{}\"{}];\n", dot_text(name), label_of(node.lines),
                        colour_of(node.look), node.outside ? ", shape=ellipse" : "");
  for (const Graph::Edge& edge : graph.edges)
    text += fmt::format("  {} -> {} [label={}, color=\"{}\", fontcolor=\"{}\"{}];\n",
                        dot_text(edge.from), dot_text(edge.to), label_of(edge.lines),
                        colour_of(edge.look), colour_of(edge.look),
                        edge.offered || edge.look == Graph::Look::faint ? ", style=dashed" : "");
  return text + "}\n";
}

}  // namespace dkvm::ctl
