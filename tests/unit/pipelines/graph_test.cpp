#include <catch2/catch.hpp>

#include "pipelines/graph.hpp"

#include <map>

using namespace dkvm;
using namespace dkvm::detail;

namespace {

constexpr TopicId kKey = id_of(wire::Topic::key);
constexpr TopicId kMotion = id_of(wire::Topic::pointer_motion);

struct House {
  std::map<std::string, std::vector<RoutedPort>, std::less<>> devices;
  std::map<std::string, DeviceId, std::less<>> ids;

  void add(const std::string& name, std::vector<RoutedPort> ports) {
    ids[name] = static_cast<DeviceId>(ids.size() + 1);
    devices[name] = std::move(ports);
  }
  Plan plan(std::vector<std::string> from, std::vector<std::string> to,
            const TopicSet& events = TopicSet::all()) const {
    return plan_edges("typing", from, to, events, [this](std::string_view name) {
      std::vector<PortView> views;
      const auto at = devices.find(name);
      if (at == devices.end()) return views;
      for (const RoutedPort& port : at->second)
        views.push_back({{ids.find(name)->second, port.id}, &port});
      return views;
    });
  }
};

RoutedPort source(std::uint16_t id, std::string name, TopicSet topics) {
  return {id, std::move(name), wire::Direction::source, std::move(topics), false, false};
}
RoutedPort sink(std::uint16_t id, std::string name, TopicSet topics) {
  return {id, std::move(name), wire::Direction::sink, std::move(topics), false, false};
}

House a_house() {
  House house;
  house.add("input", {source(0, "keys", {kKey}), source(1, "pointer", {kMotion})});
  house.add("desk", {sink(0, "rest", TopicSet::all()), sink(1, "keys", {kKey})});
  house.add("link", {sink(9, "laptop/typing", TopicSet::all()), sink(10, "laptop/screen", {7})});
  return house;
}

}  // namespace

TEST_CASE("each topic goes to the one port that names it, else to one that takes all") {
  const Plan plan = a_house().plan({"input"}, {"desk"});
  REQUIRE(plan.edges.size() == 2);
  for (const EdgePlan& edge : plan.edges) {
    REQUIRE(edge.sink.port == (edge.source.port == 0 ? 1 : 0));
    REQUIRE(edge.topics.contains(edge.source.port == 0 ? kKey : kMotion));
  }
}

TEST_CASE("a named port is taken at its word") {
  const Plan plan = a_house().plan({"input/keys"}, {"desk/rest"});
  REQUIRE(plan.edges.size() == 1);
  REQUIRE(plan.edges[0].source == PortRef{1, 0});
  REQUIRE(plan.edges[0].sink == PortRef{2, 0});
}

TEST_CASE("a peer alone is the stream named like the pipeline") {
  REQUIRE(a_house().plan({"input/keys"}, {"link/laptop"}).edges.at(0).sink == PortRef{3, 9});
  REQUIRE(a_house().plan({"input"}, {"link/laptop/screen"}).edges.empty());
}

TEST_CASE("the same pair of ports is one edge") {
  REQUIRE(a_house().plan({"input", "input/keys"}, {"desk/keys", "desk"}).edges.size() == 2);
}

TEST_CASE("what is not there is named") {
  const Plan plan = a_house().plan({"input", "nobody"}, {"desk/nothing", "link/tower"});
  REQUIRE(plan.edges.empty());
  REQUIRE(plan.missing == std::vector<std::string>{"nobody", "desk/nothing", "link/tower"});
}

TEST_CASE("the filter narrows every edge") {
  const Plan plan = a_house().plan({"input"}, {"desk"}, {kMotion});
  REQUIRE(plan.edges.size() == 1);
  REQUIRE(plan.edges[0].source.port == 1);
}
