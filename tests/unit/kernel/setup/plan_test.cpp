#include "kernel/setup/plan.hpp"
#include "kernel/setup/environment.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

using namespace dkvm;

namespace {

using Order = std::vector<std::vector<std::string>>;
using Edges = std::vector<std::pair<std::string, std::string>>;

std::vector<PipelineSpec> pipelines_of(const Edges& edges) {
  std::vector<PipelineSpec> pipelines;
  for (const auto& [from, to] : edges) {
    PipelineSpec& pipeline = pipelines.emplace_back();
    pipeline.name = from + to;
    pipeline.from = {from + "/out"};
    pipeline.to = {to};
  }
  return pipelines;
}

Order order_of(const std::vector<std::string>& devices, const Edges& edges) {
  Plan plan;
  for (const auto& name : devices) plan.devices.emplace_back().name = name;
  return stop_order(plan, pipelines_of(edges));
}

// Devices that nobody knows: they may have any port.
Plan unknown_devices(const std::vector<std::string>& names) {
  Plan plan;
  for (const auto& name : names) {
    DeviceConfig& device = plan.config.devices.emplace_back();
    device.name = name;
    device.exec = {"/bin/" + name};
  }
  return plan;
}

bool contains(const std::vector<std::string>& variables, const std::string& variable) {
  return std::ranges::find(variables, variable) != variables.end();
}

}  // namespace

TEST_CASE("devices stop after all that feed them") {
  CHECK(order_of({"a", "b", "c", "d"}, {{"c", "b"}, {"b", "a"}, {"c", "a"}}) ==
        Order{{"c", "d"}, {"b"}, {"a"}});
}

TEST_CASE("whoever makes links stops after what feeds streams, and before what they feed") {
  Plan plan;
  for (const char* name : {"player", "server", "keyboard"}) plan.devices.emplace_back().name = name;
  plan.devices[1].manifest = Manifest{};
  plan.devices[1].manifest->runtime_ports = true;
  PipelineSpec out;
  out.name = "out";
  out.from = {"keyboard"};
  out.to = {"link/laptop/keys"};
  PipelineSpec in;
  in.name = "in";
  in.from = {"link/laptop/back"};
  in.to = {"player"};
  CHECK(stop_order(plan, {out, in}) == Order{{"keyboard"}, {"server"}, {"player"}});
  out.from = {"link/tower/keys"};  // from one link to another, by the same device
  CHECK(stop_order(plan, {out, in}) == Order{{"keyboard", "server"}, {"player"}});
}

TEST_CASE("a circle of links has an order too, with every device in it once") {
  std::vector<std::string> all;
  for (const auto& rank : order_of({"a", "b", "c"}, {{"a", "b"}, {"b", "a"}, {"b", "c"}}))
    all.insert(all.end(), rank.begin(), rank.end());
  std::ranges::sort(all);
  CHECK(all == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("a pipeline made at run time is refused when it closes a cycle with another") {
  const Catalog catalog({}, {});
  const Plan plan = unknown_devices({"a", "b"});
  const std::string back = R"({"name": "ba", "from": "b", "to": "a"})";
  CHECK(plan_pipeline(back, plan, {}, catalog));
  const auto refused = plan_pipeline(back, plan, pipelines_of({{"a", "b"}}), catalog);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("in a cycle (a -> b -> a)") != std::string::npos);
}

TEST_CASE("a plan that closes a cycle with a pipeline made at run time is refused, by its name") {
  const Catalog catalog({}, {});
  Plan plan = unknown_devices({"a", "b"});
  PipelineConfig& ab = plan.config.pipelines.emplace_back();
  ab.name = "ab";
  ab.from.emplace_back().device = "a";
  ab.to.emplace_back().device = "b";
  CHECK(check_beside(plan, {}, catalog).empty());
  const ConfigErrors errors = check_beside(plan, pipelines_of({{"b", "a"}}), catalog);
  REQUIRE(errors.size() == 1);
  CHECK(to_string(errors[0]) ==
        "pipeline 'ba': events would go round in a cycle (a -> b -> a), expected pipelines that "
        "lead one way; 'ba' was made at run time");
}

TEST_CASE("a device inherits what is on the list, and its own wins") {
  ::setenv("DKVM_TEST_SECRET", "x", 1);
  ::setenv("TZ", "UTC", 1);
  ::setenv("LC_TIME", "C", 1);
  KernelConfig kernel;
  kernel.name = "desk";
  kernel.runtime_dir = "/run/desk";
  const auto variables = process_environment({{"TZ", "CET"}, {"OWN", "1"}}, "pedal", kernel);
  CHECK(contains(variables, "TZ=CET"));
  CHECK(contains(variables, "OWN=1"));
  CHECK(contains(variables, "LC_TIME=C"));
  CHECK(contains(variables, "DKVM_DEVICE=pedal"));
  CHECK(contains(variables, "DKVM_KERNEL=desk"));
  CHECK(contains(variables, "DKVM_RUNTIME_DIR=/run/desk"));
  CHECK(std::ranges::none_of(variables, [](const std::string& variable) {
    return variable.starts_with("DKVM_TEST_SECRET");
  }));
}

TEST_CASE("docs/config.md lists the variables that a device inherits") {
  std::ifstream page(DKVM_SOURCE_DIR "/docs/config.md");
  const std::string text(std::istreambuf_iterator<char>(page), {});
  const auto begin = text.find("a device inherits these, and no other:");
  const auto end = text.find("Its\n`env`", begin);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  std::set<std::string> listed;
  for (auto at = text.find('`', begin); at < end; at = text.find('`', at + 1)) {
    const auto close = text.find('`', at + 1);
    listed.insert(text.substr(at + 1, close - at - 1));
    at = close;
  }
  CHECK(listed.erase("LC_*") == 1);
  const auto names = inherited_names();
  CHECK(listed == std::set<std::string>(names.begin(), names.end()));
}
