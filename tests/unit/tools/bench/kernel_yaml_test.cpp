#include "tools/bench/harness/kernel_run.hpp"

#include "config/loader.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace dkvm;
using namespace dkvm::bench;

TEST_CASE("the YAML of a scenario is one that the kernel takes") {
  KernelPlan plan;
  plan.devices = {{"source", "source", ""}, {"sink", "mouse-sink", ", health: off"}};
  plan.other_devices = {"dummy: {type: dummy-keyboard-sink, config: {file: keys.jsonl}}"};
  plan.pipelines = {"{name: keys, from: source, to: sink, queue: {policy: block}}"};
  const auto folder = TemporaryFolder::make();
  REQUIRE(folder);
  const std::string path = folder->file("kvm.yaml");
  std::ofstream(path) << kernel_yaml(plan, "/run/bench", "/bin/dkvm-bench", "/run/control");

  const auto config = load_config(path, LoadOptions::of_this_machine());
  REQUIRE(config);
  REQUIRE(config->devices.size() == 3);
  CHECK(config->devices[0].exec ==
        std::vector<std::string>{"/bin/dkvm-bench", "--device", "source", "/run/control"});
  REQUIRE(config->devices[1].health);
  CHECK(config->devices[1].health->off);
  CHECK(config->devices[2].type == "dummy-keyboard-sink");
  REQUIRE(config->pipelines.size() == 1);
  CHECK(config->pipelines[0].queue.policy == QueueConfig::Policy::block);
}
