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
