#include <catch2/catch.hpp>

#include "tests/unit/pipelines/rig.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr PortRef kSource{1, 0};

std::string consumers(const Rig& rig, PortRef source = kSource) {
  std::string text;
  for (const BufferConsumer& each : rig.router.consumers_of(source)) {
    if (!text.empty()) text += ' ';
    text += fmt::format("{}/{}:{}{}", each.sink.device, each.sink.port, each.depth,
                        each.block ? "!" : "");
  }
  return text;
}

// What was noted since the last call; "1/0 1/0".
std::string notes(Rig& rig) {
  std::string text;
  for (const PortRef& each : rig.host.feeds) {
    if (!text.empty()) text += ' ';
    text += fmt::format("{}/{}", each.device, each.port);
  }
  rig.host.feeds.clear();
  return text;
}

const TopicSet kFrames{id_of(wire::Topic::display_frame), id_of(wire::Topic::display_mode)};

}  // namespace

TEST_CASE("consumers of a port are the sinks that are there, noted as they come and go") {
  Rig rig;
  rig.apply({pipeline("screen", "camera", "window")});
  rig.up(1, "camera", {out_port(0, "out", kFrames)});
  REQUIRE(consumers(rig).empty());
  REQUIRE(notes(rig).empty());
  rig.up(2, "window", {in_port(3, "in")});
  REQUIRE(consumers(rig) == "2/3:4");
  REQUIRE(notes(rig) == "1/0");
  rig.router.device_down(2, rig.now);
  REQUIRE(consumers(rig).empty());
  REQUIRE(notes(rig) == "1/0");
  rig.up(2, "window", {in_port(3, "in")});
  notes(rig);
  rig.router.device_down(1, rig.now);
  REQUIRE(consumers(rig).empty());
  REQUIRE(notes(rig) == "1/0");
  rig.up(1, "camera", {out_port(0, "out", kFrames)});
  REQUIRE(consumers(rig) == "2/3:4");
  REQUIRE(notes(rig) == "1/0");
}

TEST_CASE("a sink's port that opens at run time is a consumer until it closes") {
  Rig rig;
  rig.up(1, "camera", {out_port(0, "out", kFrames)});
  rig.up(4, "link", {}, true);
  rig.apply({pipeline("screen", "camera", "link/laptop")});
  REQUIRE(notes(rig).empty());
  rig.router.port_up(4, in_port(10, "laptop/screen"), rig.now);
  REQUIRE(consumers(rig) == "4/10:4");
  REQUIRE(notes(rig) == "1/0");
  rig.router.port_down({4, 10}, rig.now);
  REQUIRE(consumers(rig).empty());
  REQUIRE(notes(rig) == "1/0");
}

TEST_CASE("each edge counts for itself, with its own depth and policy") {
  Rig rig;
  rig.up(1, "camera", {out_port(0, "out", kFrames)});
  rig.up(2, "window", {in_port(0, "in")});
  rig.apply({queued(pipeline("a", "camera", "window"), Policy::block, 7),
             queued(pipeline("b", "camera", "window"), Policy::deltas, 9)});
  REQUIRE(consumers(rig) == "2/0:7! 2/0:9");
}

TEST_CASE("the depth is that of the deepest topic that can bring buffers") {
  Rig rig;
  rig.up(1, "one", {out_port(0, "out", {id_of(wire::Topic::key), id_of(wire::Topic::cursor)})});
  rig.up(3, "two",
         {out_port(0, "out", {id_of(wire::Topic::cursor), id_of(wire::Topic::audio_frame)})});
  rig.up(4, "three", {out_port(0, "out", {id_of(wire::Topic::key), TopicId{kCustomTopicFirst}})});
  rig.up(2, "window", {in_port(0, "in")});
  rig.apply({pipeline("a", "one", "window"), pipeline("b", "two", "window"),
             pipeline("c", "three", "window")});
  REQUIRE(consumers(rig) == "2/0:4");
  REQUIRE(consumers(rig, {3, 0}) == "2/0:16");
  REQUIRE(consumers(rig, {4, 0}) == "2/0:1024");
}

TEST_CASE("topics that never bring buffers make no consumer and no note") {
  Rig rig;
  rig.up(1, "keyboard",
         {out_port(0, "out", {id_of(wire::Topic::key), id_of(wire::Topic::display_mode)})});
  rig.up(2, "desk", {in_port(0, "in")});
  rig.apply({pipeline("typing", "keyboard", "desk")});
  REQUIRE(rig.edge("typing").state == EdgeState::active);
  REQUIRE(consumers(rig).empty());
  rig.router.device_down(2, rig.now);
  REQUIRE(notes(rig).empty());
  REQUIRE(rig.router.consumers_of({1, 5}).empty());
  REQUIRE(rig.router.consumers_of({55, 0}).empty());
}

TEST_CASE("a reload notes changed depths, policies and topics, and nothing else") {
  Rig rig;
  rig.up(1, "camera", {out_port(0, "out", kFrames)});
  rig.up(2, "window", {in_port(0, "in")});
  auto spec = pipeline("screen", "camera", "window");
  rig.apply({spec});
  notes(rig);
  spec.queue.max_age_ns = kSecond;
  rig.apply({spec});
  REQUIRE(notes(rig).empty());
  spec.queue.depth = 2;
  rig.apply({spec});
  REQUIRE(consumers(rig) == "2/0:2");
  REQUIRE(notes(rig) == "1/0");
  spec.queue.policy = Policy::block;
  rig.apply({spec});
  REQUIRE(consumers(rig) == "2/0:2!");
  REQUIRE(notes(rig) == "1/0");
  spec.events = {"display_mode"};
  rig.apply({spec});
  REQUIRE(consumers(rig).empty());
  REQUIRE(notes(rig) == "1/0");
  spec.events = {};
  rig.apply({spec});
  REQUIRE(notes(rig) == "1/0");
  REQUIRE(rig.router.enable("screen", false, rig.now));
  REQUIRE(consumers(rig).empty());
  REQUIRE(notes(rig) == "1/0");
  REQUIRE(rig.router.enable("screen", true, rig.now));
  REQUIRE(notes(rig) == "1/0");
  REQUIRE(rig.router.remove("screen", rig.now));
  REQUIRE(consumers(rig).empty());
  REQUIRE(notes(rig) == "1/0");
}

TEST_CASE("an edge that is refused feeds nobody") {
  Rig rig;
  rig.up(1, "camera", {out_port(0, "out", kFrames, {true, false})});
  rig.up(2, "window", {in_port(0, "in")});
  rig.apply({queued(pipeline("screen", "camera", "window"), Policy::block, 4)});
  REQUIRE(rig.edge("screen").state == EdgeState::refused);
  REQUIRE(consumers(rig).empty());
}
