#include "kernel/setup/switch_plan.hpp"
#include "config/loader.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;

TEST_CASE("a switch of the file is what the router has, and each target an end of its own") {
  const auto config = load_config_text(
      "switches:\n"
      "  - name: desk\n"
      "    sources: [input]\n"
      "    home: local\n"
      "    targets: {local: none, laptop: link/laptop, tv: {to: box/in, motion: relative}}\n"
      "    hotkeys: {laptop: [KEY_LEFTCTRL, KEY_2], next: KEY_SCROLLLOCK, lock: [KEY_F1]}\n"
      "    edges: {layout: {local: {right: laptop}}, delay: 250ms, corners: 3}\n",
      "text", LoadOptions{});
  REQUIRE(config);
  const SwitchSpec spec = switch_of(config->switches.at(0));
  SwitchSpec expected;
  expected.name = "desk";
  expected.sources = {"input"};
  expected.home = "local";
  expected.targets = {
      {"local", "", false}, {"laptop", "link/laptop/desk", false}, {"tv", "box/in", true}};
  expected.hotkeys = {{Hotkey::Act::target, "laptop", {29, 3}},
                      {Hotkey::Act::next, "", {70}},
                      {Hotkey::Act::lock, "", {59}}};
  expected.layout = {{"local", wire::Side::right, "laptop"}};
  expected.delay_ns = 250'000'000;
  expected.corners = 3;
  CHECK(spec == expected);

  const auto pipelines = target_pipelines(spec);
  REQUIRE(pipelines.size() == 2);
  CHECK(pipelines[0].name == "desk/laptop");
  CHECK(pipelines[0].to == std::vector<std::string>{"link/laptop/desk"});
  CHECK(pipelines[0].of_switch);
  CHECK(pipelines[1].name == "desk/tv");
}
