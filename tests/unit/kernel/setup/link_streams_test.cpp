#include "kernel/setup/link_streams.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;

namespace {

constexpr auto kSource = wire::Direction::source;
constexpr auto kSink = wire::Direction::sink;

DevicePlan device(std::string name, std::vector<PortManifest> ports, bool runtime = false) {
  DevicePlan plan;
  plan.name = std::move(name);
  plan.manifest = Manifest{};
  plan.manifest->ports = std::move(ports);
  plan.manifest->runtime_ports = runtime;
  return plan;
}

PortManifest port(std::string name, wire::Direction direction, std::vector<std::string> topics) {
  PortManifest made;
  made.name = std::move(name);
  made.direction = direction;
  made.topics = std::move(topics);
  return made;
}

Plan desk() {
  Plan plan;
  plan.devices.push_back(device(
      "input", {port("keys", kSource, {"key", "input_state"}),
                port("mouse", kSource, {"pointer_motion"}), port("leds", kSink, {"acme/led"})}));
  plan.devices.push_back(device("player", {port("in", kSink, {"key", "pointer_motion"})}));
  plan.devices.push_back(device("recorder", {port("in", kSink, {"*"})}));
  plan.devices.push_back(device("server", {}, true));
  DevicePlan unknown;
  unknown.name = "script";
  plan.devices.push_back(std::move(unknown));
  return plan;
}

PipelineSpec pipeline(std::vector<std::string> from, std::vector<std::string> to,
                      std::vector<std::string> events = {}) {
  PipelineSpec spec;
  spec.name = std::string("p");
  spec.from = std::move(from);
  spec.to = std::move(to);
  spec.events = std::move(events);
  return spec;
}

LinkStream stream(std::string peer, std::string name, wire::Direction direction,
                  std::set<std::string> topics) {
  return {std::move(peer), std::move(name), direction, std::move(topics), {}};
}

}  // namespace

TEST_CASE("a stream to a peer has the topics of its sources, as far as the pipeline lets them by") {
  const Plan plan = desk();
  CHECK(streams_of({pipeline({"input"}, {"link/laptop/in"})}, plan) ==
        std::vector{stream("laptop", "in", kSink, {"input_state", "key", "pointer_motion"})});
  CHECK(streams_of({pipeline({"input/keys"}, {"link/laptop/in"}, {"key", "touch"})}, plan) ==
        std::vector{stream("laptop", "in", kSink, {"key"})});
  CHECK(streams_of({pipeline({"kernel/devices"}, {"link/laptop/in"})}, plan) ==
        std::vector{stream("laptop", "in", kSink, {"device_state"})});
}

TEST_CASE("a stream from a peer asks for what its sinks take") {
  const Plan plan = desk();
  CHECK(streams_of({pipeline({"link/desk/keys"}, {"player"})}, plan) ==
        std::vector{stream("desk", "keys", kSource, {"key", "pointer_motion"})});
  CHECK(streams_of({pipeline({"link/desk/keys"}, {"player", "recorder"})}, plan) ==
        std::vector{stream("desk", "keys", kSource, {"*"})});
  CHECK(streams_of({pipeline({"link/desk/keys"}, {"recorder"}, {"key"})}, plan) ==
        std::vector{stream("desk", "keys", kSource, {"key"})});
}

TEST_CASE("a peer's keys are asked for while somebody is there to press them") {
  const Plan plan = desk();
  const std::vector<PipelineSpec> keys{pipeline({"link/desk/keys"}, {"player"})};
  CHECK(streams_of(keys, plan, {}, {"player"}).empty());
  CHECK(streams_of({pipeline({"link/desk/keys"}, {"player", "recorder"})}, plan, {}, {"player"}) ==
        std::vector{stream("desk", "keys", kSource, {"*"})});
  const std::vector<PipelineSpec> motion{
      pipeline({"link/desk/mouse"}, {"player"}, {"pointer_motion"})};
  CHECK(streams_of(motion, plan, {}, {"player"}) ==
        std::vector{stream("desk", "mouse", kSource, {"pointer_motion"})});
}

TEST_CASE("a recorder beside a device that presses keys is nobody to type for") {
  Plan plan = desk();
  PortManifest pressing = port("in", kSink, {"key"});
  pressing.injects = true;
  plan.devices.push_back(device("hands", {pressing}));
  const std::vector<PipelineSpec> keys{
      pipeline({"link/desk/keys"}, {"hands", "recorder"}, {"key"})};
  CHECK(streams_of(keys, plan, {}, {"recorder"}).size() == 1);
  CHECK(streams_of(keys, plan, {}, {"hands"}).empty());
  const std::vector<PipelineSpec> onward{
      pipeline({"link/desk/keys"}, {"hands", "link/tower/keys"}, {"key"})};
  CHECK(streams_of(onward, plan, {}, {"hands"}).size() == 1);
}

TEST_CASE("what a link brings may be anything") {
  const Plan plan = desk();
  const std::vector<LinkStream> any{stream("laptop", "in", kSink, {"*"})};
  CHECK(streams_of({pipeline({"server/tower"}, {"link/laptop/in"})}, plan) == any);
  CHECK(streams_of({pipeline({"input", "server"}, {"link/laptop/in"})}, plan) == any);
}

TEST_CASE("a device that could not be asked has the ports of its hello, and none before") {
  const Plan plan = desk();
  const std::vector<PipelineSpec> out{pipeline({"script"}, {"link/laptop/in"})};
  const std::vector<PipelineSpec> in{pipeline({"link/laptop/in"}, {"script"})};
  CHECK(streams_of(out, plan).empty());
  CHECK(streams_of(in, plan).empty());
  CHECK(streams_of({pipeline({"input/mouse", "script"}, {"link/laptop/in"})}, plan) ==
        std::vector{stream("laptop", "in", kSink, {"pointer_motion"})});
  const SaidPorts said{
      {"script", {port("keys", kSource, {"key"}), port("leds", kSink, {"acme/led"})}}};
  CHECK(streams_of(out, plan, {}, {}, said) == std::vector{stream("laptop", "in", kSink, {"key"})});
  CHECK(streams_of(in, plan, {}, {}, said) ==
        std::vector{stream("laptop", "in", kSource, {"acme/led"})});
  CHECK(streams_of({pipeline({"script/mouse"}, {"link/laptop/in"})}, plan, {}, {}, said).empty());
}

TEST_CASE("each stream is there once each way, however many pipelines name it, and if any is on") {
  const Plan plan = desk();
  PipelineSpec off = pipeline({"input/leds"}, {"link/laptop/leds"});
  off.enabled = false;
  const auto streams = streams_of({pipeline({"input/keys"}, {"link/laptop/in"}),
                                   pipeline({"input/mouse"}, {"link/laptop/in", "link/desk/in"}),
                                   pipeline({"link/laptop/in"}, {"link/tower/out"}), off},
                                  plan);
  CHECK(streams ==
        std::vector{stream("desk", "in", kSink, {"pointer_motion"}),
                    stream("laptop", "in", kSink, {"input_state", "key", "pointer_motion"}),
                    stream("laptop", "in", kSource, {"*"})});
}

TEST_CASE("what one peer sends goes to another as what it is, while it is there") {
  const Plan plan = desk();
  const std::vector<PipelineSpec> onward{pipeline({"link/laptop/in"}, {"link/tower/out"})};
  CHECK(streams_of(onward, plan) == std::vector{stream("laptop", "in", kSource, {"*"})});
  CHECK(
      streams_of(onward, plan, {{"laptop/in", {"key"}}, {"laptop/other", {"clipboard"}}}) ==
      std::vector{stream("laptop", "in", kSource, {"*"}), stream("tower", "out", kSink, {"key"})});
}
