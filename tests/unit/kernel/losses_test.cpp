#include "kernel/losses.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;

namespace {

EdgeCounters dropped(Drop reason, std::uint64_t events) {
  EdgeCounters counters;
  counters.dropped[static_cast<std::size_t>(reason)] = events;
  return counters;
}

EdgeStats edge_of(const std::string& source, const EdgeCounters& counters) {
  EdgeStats edge;
  edge.source = source;
  edge.sink = "typed/keyboard";
  edge.state = EdgeState::active;
  edge.counters = counters;
  return edge;
}

}  // namespace

TEST_CASE("what did not reach its sink is lost, what its policy or a stage left out is not") {
  for (const Drop reason :
       {Drop::waiting, Drop::sink_gone, Drop::overflow, Drop::stale, Drop::delta, Drop::exhausted})
    CHECK(events_lost(dropped(reason, 7)) == 7);
  for (const Drop reason : {Drop::filtered, Drop::duplicate, Drop::orphan, Drop::merged,
                            Drop::invalid, Drop::superseded, Drop::oldest})
    CHECK(events_lost(dropped(reason, 7)) == 0);
}

TEST_CASE("what a whole picture took the place of is not lost") {
  EdgeCounters counters = dropped(Drop::delta, 7);
  counters.mended = 5;
  CHECK(events_lost(counters) == 2);
  counters.mended = 7;
  CHECK(events_lost(counters) == 0);
}

TEST_CASE("what a sink took and did not apply before it died is lost too, and counted once") {
  EdgeCounters counters = dropped(Drop::sink_gone, 2);
  counters.dropped[static_cast<std::size_t>(Drop::waiting)] = 10;
  counters.lost = 2 + 10 + 5;
  CHECK(events_lost(counters) == 17);
}

TEST_CASE("losses are those of the given sources, and of edges that could not be") {
  std::vector<PipelineStats> pipelines(1);
  PipelineStats& pipeline = pipelines.front();
  pipeline.name = "typing";
  pipeline.edges = {edge_of("keyboard/keyboard", dropped(Drop::waiting, 3)),
                    edge_of("keyboard2/keyboard", dropped(Drop::waiting, 4)),
                    edge_of("keyboard/other", {})};
  pipeline.edges.push_back(edge_of("keyboard/refused", {}));
  pipeline.edges.back().state = EdgeState::refused;
  pipeline.edges.back().reason = "the sink takes no keys";
  const auto losses = losses_of(pipelines, {"keyboard"});
  REQUIRE(losses.size() == 2);
  CHECK(losses[0].pipeline == "typing");
  CHECK(losses[0].source == "keyboard/keyboard");
  CHECK(losses[0].sink == "typed/keyboard");
  CHECK(losses[0].events == 3);
  CHECK(losses[1].reason == "the sink takes no keys");
}

TEST_CASE("what was published for a sink that was never there is lost") {
  PipelineSpec spec;
  spec.name = "typing";
  spec.from = {"keyboard", "second/keyboard", "silent"};
  spec.to = {"typed", "there"};
  PipelineStats stats;
  stats.missing = {"typed", "second/keyboard"};
  const auto published = [](std::string_view device) {
    return std::uint64_t{device == "silent" ? 0U : 80U};
  };
  const auto losses = losses_at_absent(spec, stats, {"keyboard", "silent"}, published);
  REQUIRE(losses.size() == 1);
  CHECK(losses[0].source == "keyboard");
  CHECK(losses[0].sink == "typed");
  CHECK(losses[0].events == 80);

  // Once it was there, its edge has counted.
  stats.edges = {edge_of("keyboard/keyboard", {})};
  CHECK(losses_at_absent(spec, stats, {"keyboard"}, published).empty());
}
