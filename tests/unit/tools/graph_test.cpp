#include "tools/dkvmctl/graph/graph.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::ctl;

TEST_CASE("a graph is written in Graphviz's language, whatever its names are") {
  Graph graph;
  graph.title = "a \"desk\"";
  graph.nodes["one"] = {{"one", "type\\x", ""}, Graph::Look::bad, false};
  graph.nodes["far"] = {{"far"}, Graph::Look::faint, true};
  graph.edges.push_back({"one", "far", {"p", "3/s"}, Graph::Look::good, true});
  const std::string dot = dot_of(graph);
  INFO(dot);
  CHECK(dot.find("digraph \"a \\\"desk\\\"\" {\n") == 0);
  CHECK(dot.find("\"one\" [label=\"one\\ntype\\\\x\", color=\"#b3261e\"];") != std::string::npos);
  CHECK(dot.find("\"far\" [label=\"far\", color=\"#8a8a8a\", shape=ellipse];") !=
        std::string::npos);
  CHECK(dot.find("\"one\" -> \"far\" [label=\"p\\n3/s\"") != std::string::npos);
  CHECK(dot.find("style=dashed];\n}\n") != std::string::npos);
}

TEST_CASE("addresses that belong to a device are drawn at it, others by themselves") {
  Graph graph;
  graph.nodes["keyboard"] = {};
  CHECK(graph.node_of("keyboard/keys") == "keyboard");
  CHECK(graph.node_of("keyboard") == "keyboard");
  CHECK(graph.node_of("link/laptop/desk") == "link/laptop/desk");
  CHECK(graph.nodes.at("link/laptop/desk").outside);
}

TEST_CASE("a configuration is drawn with its pipelines, stages and switches") {
  Config config;
  config.kernel.name = "desk";
  config.devices.resize(3);
  config.devices[0].name = "input";
  config.devices[0].type = "x11-input-source";
  config.devices[1].name = "mine";
  config.devices[1].exec = {"/opt/mine", "-x"};
  config.devices[2].name = "off";
  config.devices[2].enabled = false;
  PipelineConfig pipeline;
  pipeline.name = "typing";
  pipeline.from = {{"input", "keyboard", {}}};
  pipeline.to = {{"mine", "", {}}, {"link", "laptop/keys", {}}};
  pipeline.via.resize(1);
  pipeline.via[0].name = "remap";
  config.pipelines.push_back(pipeline);
  const Graph graph = graph_of(config);
  CHECK(graph.edges.size() == 2);
  CHECK(graph.edges[0].from == "input");
  CHECK(graph.edges[0].to == "mine");
  CHECK(graph.edges[0].lines == std::vector<std::string>{"typing", "via remap"});
  CHECK(graph.edges[1].to == "link/laptop");
  CHECK(graph.nodes.at("mine").lines == std::vector<std::string>{"mine", "/opt/mine"});
  CHECK(graph.nodes.at("off").look == Graph::Look::faint);
}
