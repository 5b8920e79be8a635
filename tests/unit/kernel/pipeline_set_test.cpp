#include "kernel/pipeline_set.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/pipelines/rig.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

PipelineState state_of(const Router& router, const std::string& name) {
  const auto summary = router.summary_of(name);
  REQUIRE(summary);
  return summary->state;
}

}  // namespace

TEST_CASE("a reload keeps what was made and switched at run time") {
  Rig rig;
  rig.desk();
  PipelineSet set(rig.router);
  REQUIRE(set.load({pipeline("typing", "keyboard", "desk")}, rig.now));
  REQUIRE(set.add(pipeline("made", "keyboard", "desk"), rig.now));
  REQUIRE(set.enable("typing", false, rig.now));
  REQUIRE(set.load({pipeline("typing", "keyboard", "desk")}, rig.now));
  CHECK(state_of(rig.router, "typing") == PipelineState::disabled);
  CHECK(state_of(rig.router, "made") == PipelineState::active);
}

TEST_CASE("what the file says anew of a pipeline is the latest word") {
  Rig rig;
  rig.desk();
  PipelineSet set(rig.router);
  PipelineSpec typing = pipeline("typing", "keyboard", "desk");
  REQUIRE(set.load({typing}, rig.now));
  REQUIRE(set.enable("typing", false, rig.now));
  typing.queue.depth = 8;  // of something else it says nothing
  REQUIRE(set.load({typing}, rig.now));
  CHECK(state_of(rig.router, "typing") == PipelineState::disabled);
  typing.enabled = false;
  REQUIRE(set.load({typing}, rig.now));
  typing.enabled = true;
  REQUIRE(set.load({typing}, rig.now));
  CHECK(state_of(rig.router, "typing") == PipelineState::active);
}

TEST_CASE("a pipeline of the file that was removed comes back with a reload") {
  Rig rig;
  rig.desk();
  PipelineSet set(rig.router);
  REQUIRE(set.load({pipeline("typing", "keyboard", "desk")}, rig.now));
  REQUIRE(set.remove("typing", rig.now));
  REQUIRE(set.load({pipeline("typing", "keyboard", "desk")}, rig.now));
  CHECK(state_of(rig.router, "typing") == PipelineState::active);
}

TEST_CASE("a switch is forgotten with its pipeline") {
  Rig rig;
  rig.desk();
  PipelineSet set(rig.router);
  REQUIRE(set.load({pipeline("typing", "keyboard", "desk")}, rig.now));
  REQUIRE(set.enable("typing", false, rig.now));
  REQUIRE(set.load({}, rig.now));
  REQUIRE(set.add(pipeline("typing", "keyboard", "desk"), rig.now));
  REQUIRE(set.load({}, rig.now));
  CHECK(state_of(rig.router, "typing") == PipelineState::active);
}

TEST_CASE("who asks is told all pipelines, as they are switched, after every change") {
  Rig rig;
  rig.desk();
  PipelineSet set(rig.router);
  std::vector<std::string> told;
  set.on_changed([&] {
    std::string all;
    for (const PipelineSpec& spec : set.all()) all += spec.name + (spec.enabled ? "+" : "-");
    told.push_back(all);
  });
  const std::vector<PipelineSpec> file = {pipeline("typing", "keyboard", "desk")};
  REQUIRE(set.load(file, rig.now));
  REQUIRE(set.add(pipeline("made", "keyboard", "desk"), rig.now));
  REQUIRE(set.enable("typing", false, rig.now));
  REQUIRE_FALSE(set.enable("nobody", false, rig.now));
  REQUIRE(set.remove("made", rig.now));
  REQUIRE(set.remove("typing", rig.now));
  CHECK(told == std::vector<std::string>{"typing+", "typing+made+", "typing-made+", "typing-", ""});
}

TEST_CASE("what was made at run time gives way to one of the file with its name") {
  Rig rig;
  rig.desk();
  PipelineSet set(rig.router);
  REQUIRE(set.add(pipeline("made", "keyboard", "desk"), rig.now));
  CHECK(set.made_beside({}).size() == 1);
  const std::vector<PipelineSpec> file = {pipeline("made", "keyboard", "desk")};
  CHECK(set.made_beside(file).empty());
  REQUIRE(set.load(file, rig.now));
  CHECK(set.all().size() == 1);
  REQUIRE(set.load({}, rig.now));
  CHECK(set.all().empty());
}
