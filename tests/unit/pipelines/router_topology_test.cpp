#include <catch2/catch.hpp>

#include "tests/unit/pipelines/rig.hpp"

using namespace dkvm;
using namespace dkvm::test;

TEST_CASE("pipelines wait for their devices, in any order") {
  Rig rig;
  rig.apply({pipeline("typing", "keyboard", "desk")});
  PipelineStats stats = rig.router.stats().at(0);
  REQUIRE(stats.state == PipelineState::waiting);
  REQUIRE(stats.missing == std::vector<std::string>{"keyboard", "desk"});
  rig.desk();
  stats = rig.router.stats().at(0);
  REQUIRE(stats.state == PipelineState::active);
  REQUIRE(stats.missing.empty());
  REQUIRE(stats.edges.at(0).source == "keyboard/keys");
  REQUIRE(stats.edges.at(0).sink == "desk/all");
}

TEST_CASE("fan-out gives each sink every event, fan-in keeps the order of arrival") {
  Rig rig;
  rig.desk();
  rig.up(3, "recorder", {in_port(0, "all")});
  rig.up(4, "second", {out_port(0, "keys")});
  PipelineSpec spec = pipeline("typing", "keyboard", "desk");
  spec.from.push_back("second");
  spec.to.push_back("recorder/all");
  rig.apply({spec});
  rig.press(kA);
  rig.press(kB, {4, 0});
  rig.lift(kA);
  REQUIRE(rig.take(2) == "30+ 48+ 30-");
  REQUIRE(rig.take(3) == "30+ 48+ 30-");
}

TEST_CASE("the filter lets named topics through only") {
  Rig rig;
  rig.desk();
  PipelineSpec spec = pipeline("typing", "keyboard", "desk");
  spec.events = {"key", "acme/pedal"};
  rig.apply({spec});
  rig.press(kA);
  rig.send({1, 0}, motion_by(1, 1));
  rig.send({1, 0}, Custom{}, 0, 0, rig.host.topic_id("acme/pedal"));
  rig.send({1, 0}, Custom{}, 0, 0, rig.host.topic_id("acme/other"));
  REQUIRE(rig.take() == "30+ topic 1024");
  REQUIRE(rig.router.totals().unrouted == 2);
}

TEST_CASE("an unchanged edge keeps its queue, counters and holds over a reload") {
  Rig rig;
  rig.desk();
  const auto typing = pipeline("typing", "keyboard", "desk");
  rig.apply({typing});
  rig.press(kCtrl);
  const EdgeId id = rig.edge("typing").id;
  rig.apply({typing, pipeline("other", "nobody", "desk")});
  REQUIRE(rig.edge("typing").id == id);
  REQUIRE(rig.edge("typing").counters.in == 1);
  REQUIRE(rig.take() == "29+");
  rig.lift(kCtrl);
  REQUIRE(rig.take() == "29-");
}

TEST_CASE("a restart of either end keeps the edge and its counters") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kA);
  rig.lift(kA);
  rig.take();
  rig.up(1, "keyboard", {out_port(0, "keys")});
  rig.up(2, "desk", {in_port(0, "all")});
  rig.press(kA);
  const auto got = rig.take_frames(2);
  REQUIRE(got.size() == 1);
  REQUIRE(got[0].header.sequence() == 1);
  REQUIRE(got[0].header.origin_incarnation() == 2);
  REQUIRE(rig.edge("typing").counters.in == 3);
}

TEST_CASE("an edge that leaves releases first and is gone once all is applied") {
  Rig rig;
  rig.desk();
  rig.up(3, "recorder", {in_port(0, "all")});
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kCtrl);
  rig.apply({pipeline("typing", "keyboard", "recorder")});
  REQUIRE(rig.edge("typing", 1).state == EdgeState::draining);
  rig.press(kA);
  REQUIRE(rig.take(2) == "29+ 29-");
  REQUIRE(rig.take(3) == "29+ 30+");
  rig.router.applied({2, 0}, 2, rig.now);
  REQUIRE(rig.router.stats().at(0).edges.size() == 1);
}

TEST_CASE("a bad set of pipelines changes nothing") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  PipelineSpec bad = pipeline("bad", "keyboard", "desk");
  bad.via = {{"reverb", {}}};
  const Result<> result = rig.router.apply({bad}, rig.now);
  REQUIRE_FALSE(result);
  REQUIRE(result.error().code() == Errc::invalid);
  REQUIRE(result.error().message() ==
          "pipeline 'bad': there is no stage 'reverb': expected filter or remap");
  rig.press(kA);
  REQUIRE(rig.take() == "30+");
  const auto twice = pipeline("twice", "keyboard", "desk");
  REQUIRE_FALSE(rig.router.apply({twice, twice}, rig.now));
  REQUIRE_FALSE(rig.router.add(pipeline("typing", "a", "b"), rig.now));
  REQUIRE(rig.router.remove("nobody", rig.now).error().code() == Errc::not_found);
  REQUIRE(rig.router.enable("nobody", true, rig.now).error().code() == Errc::not_found);
}

TEST_CASE("what is wrong with a pipeline is said before any device is there") {
  const auto refused = [](auto change) {
    PipelineSpec spec = pipeline("p", "a", "b");
    change(spec);
    return !check(spec);
  };
  REQUIRE_FALSE(refused([](PipelineSpec&) {}));
  REQUIRE(refused([](PipelineSpec& spec) { spec.name.clear(); }));
  REQUIRE(refused([](PipelineSpec& spec) { spec.from.clear(); }));
  REQUIRE(refused([](PipelineSpec& spec) { spec.to = {"a//b"}; }));
  REQUIRE(refused([](PipelineSpec& spec) { spec.events = {""}; }));
  REQUIRE(refused([](PipelineSpec& spec) { spec.queue.depth = 0; }));
  REQUIRE(refused([](PipelineSpec& spec) { spec.queue.depth = kQueueDepthMax + 1; }));
  REQUIRE(refused([](PipelineSpec& spec) { spec.via = {{"remap", {{"KEY_A", "KEY_NO"}}}}; }));
}

TEST_CASE("a port that closes releases, drops its queue and leaves the others alone") {
  Rig rig;
  rig.desk();
  rig.up(4, "link", {}, true);
  rig.router.port_up(4, out_port(5, "laptop/keys"), rig.now);
  rig.router.port_up(4, in_port(6, "laptop/typing"), rig.now);
  rig.apply(
      {pipeline("in", "link/laptop/keys", "desk"), pipeline("typing", "keyboard", "link/laptop")});
  rig.press(kCtrl, {4, 5});
  rig.press(kCtrl);
  rig.take();
  rig.router.port_down({4, 5}, rig.now);
  REQUIRE(rig.take() == "29-");
  rig.router.port_down({4, 6}, rig.now);
  REQUIRE(rig.host.gaps.size() == 1);
  REQUIRE(rig.host.gaps[0].sink == "link/laptop/typing");
  rig.router.port_up(4, in_port(7, "laptop/typing"), rig.now);
  const auto got = rig.take_frames(4);
  REQUIRE(got.size() == 1);
  REQUIRE(got[0].text == "29+");
  REQUIRE(got[0].header.port() == 7);
}

TEST_CASE("streams of a peer are found under `link`, whichever device makes the link") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("out", "keyboard", "link/laptop/keys"),
             pipeline("in", "link/laptop/back", "desk")});
  CHECK(rig.router.summary_of("out")->missing == std::vector<std::string>{"link/laptop/keys"});
  rig.up(4, "server", {in_port(1, "laptop/keys")}, true);  // of no peer
  rig.up(5, "client", {}, true);
  CHECK_FALSE(rig.router.summary_of("out")->missing.empty());
  rig.router.port_up(5, of_peer(in_port(6, "laptop/keys")), rig.now);
  rig.router.port_up(5, of_peer(out_port(7, "laptop/back")), rig.now);
  CHECK(rig.router.summary_of("out")->missing.empty());
  rig.press(kA);
  CHECK(rig.take(5) == "30+");
  CHECK(rig.take(4).empty());
  rig.press(kB, {5, 7});
  CHECK(rig.take() == "48+");
  rig.router.device_down(5, rig.now);
  CHECK(rig.take() == "48-");
  CHECK(rig.router.summary_of("out")->missing == std::vector<std::string>{"link/laptop/keys"});
}

TEST_CASE("the kernel's own events are a source like any other") {
  Rig rig;
  rig.up(2, "desk", {in_port(0, "all")});
  rig.apply({pipeline("states", "kernel/devices", "desk")});
  DeviceState state;
  state.device = "keyboard";
  rig.send({kKernelDevice, 0}, state);
  REQUIRE(rig.take() == "topic 13");
}

TEST_CASE("events from ports that are not open are counted, not routed") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kA, {1, 9});
  rig.press(kA, {77, 0});
  REQUIRE(rig.router.totals().unknown_ports == 2);
}
