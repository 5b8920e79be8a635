#include "tests/unit/sdk/pool_rig.hpp"

#include <array>

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr std::uint16_t kSource = 20;
constexpr std::uint16_t kSink = 21;

PortManifest port_of(std::uint16_t id, std::vector<std::string> topics) {
  PortManifest port;
  port.id = id;
  port.name = "laptop/keys";
  port.topics = std::move(topics);
  port.peer = "laptop";
  return port;
}

// A link, as far as the SDK knows one.
struct Link {
  Link() { device.open_ports_at_run_time(true); }
  Device device{"test-link", "A test's link"};
};

struct Rig : Link, PoolRig {
  Rig() : PoolRig(device) {}

  template <class Message>
  void call(const Message& request) {
    PayloadWriter writer;
    Frame frame{make_header(wire::FrameKind::request), {}, {}, writer.write(request)};
    frame.header.mutate_sequence(++last_call_);
    say(fd(), frame);
    settle();
  }

 private:
  std::uint64_t last_call_ = 0;
};

// An event as it comes off another kernel's wire.
struct Foreign {
  explicit Foreign(Bytes payload, wire::Topic topic) {
    frame = {make_header(wire::FrameKind::event), {}, std::as_bytes(std::span(hops)), payload};
    frame.header.mutate_port(7);
    frame.header.mutate_topic(id_of(topic));
    frame.header.mutate_flags(kFlagDelta);
    frame.header.mutate_sequence(99);
    frame.header.mutate_capture_ns(5);
    frame.header.mutate_origin_kernel(0xA1);
    frame.header.mutate_origin_device(3);
    frame.header.mutate_origin_incarnation(4);
    frame.header.mutate_origin_sequence(50);
    seal(frame);
  }
  std::array<wire::HopStamp, 2> hops{wire::HopStamp(0xA1, 10, 11, 5),
                                     wire::HopStamp(0xB2, 12, 13, 9)};
  Frame frame;
};

wire::RequestT request_for(const std::string& target, const std::string& method) {
  wire::RequestT request;
  request.target = target;
  request.method = method;
  request.caller = "panel";
  request.deadline_ms = 1000;
  request.body = "{}";
  return request;
}

}  // namespace

TEST_CASE("a port of a link says whose it is") {
  Rig rig;
  REQUIRE(rig.context().open_source(port_of(kSource, {"key"})));
  const auto frames = rig.heard();
  REQUIRE(names_of(frames) == "port_open");
  CHECK(frames[0].as<wire::PortOpenT>().port->peer == "laptop");
}

TEST_CASE(
    "what is relayed keeps its origin, stamps, flags and payload, under the port's sequence") {
  Rig rig;
  auto port = *rig.context().open_source(port_of(kSource, {"key", "display_frame"}));
  REQUIRE(port->emit(key(29, true)));
  rig.heard();
  PayloadWriter writer;
  const Foreign event(writer.write(key(30, true)), wire::Topic::key);
  REQUIRE(port->relay(event.frame, 1234));
  const auto frames = rig.heard();
  REQUIRE(names_of(frames) == "event");
  const wire::FrameHeader& header = frames[0].header;
  CHECK(header.port() == kSource);
  CHECK(header.topic() == id_of(wire::Topic::key));
  CHECK(header.sequence() == 2);
  CHECK(header.capture_ns() == 1234);
  CHECK(header.flags() == kFlagDelta);
  CHECK(header.origin_kernel() == 0xA1);
  CHECK(header.origin_device() == 3);
  CHECK(header.origin_incarnation() == 4);
  CHECK(header.origin_sequence() == 50);
  CHECK(header.hop_count() == 2);
  CHECK(frames[0].hops.at(1).capture_ns() == 9);
  CHECK(frames[0].as<Key>().code == 30);
}

TEST_CASE("buffers of another kernel stay behind; their bytes come along in a slot") {
  Rig rig;
  auto port = *rig.context().open_source(port_of(kSource, {"display_frame"}));
  PayloadWriter writer;
  Foreign event(writer.write(DisplayFrame{}), wire::Topic::display_frame);
  const wire::BufferRef theirs = ref(3, 1, 60);
  event.frame.buffers = std::as_bytes(std::span(&theirs, 1));
  rig.heard();
  REQUIRE(port->relay(event.frame, 1));
  CHECK(rig.heard().at(0).buffers.empty());

  REQUIRE(port->open_pool({.slot_bytes = 100}));
  rig.answer(rig.heard().at(0).header.sequence(), R"({"pool":7})");
  rig.open(rig.pool(7, true, 4, kSource), make_memory(4 * kStride));
  rig.grant(kSource, {ref(7, 2, 100)});
  rig.heard();
  REQUIRE(port->relay(*port->borrow(), 60, event.frame, 1));
  const auto frames = rig.heard();
  REQUIRE(names_of(frames) == "event");
  REQUIRE(frames[0].buffers.size() == 1);
  CHECK(frames[0].buffers[0].pool() == 7);
  CHECK(frames[0].buffers[0].slot() == 2);
  CHECK(frames[0].buffers[0].length() == 60);
  CHECK(frames[0].header.sequence() == 2);
  CHECK(frames[0].header.origin_kernel() == 0xA1);
  CHECK(frames[0].hops.size() == 2);

  rig.grant(kSource, {ref(7, 3, 100)});
  CHECK_FALSE(port->relay(*port->borrow(), 101, event.frame, 1));
}

TEST_CASE("a message upstream is relayed with its stamps, and seen with them") {
  Rig rig;
  auto source = *rig.context().open_source(port_of(kSource, {"key"}));
  std::vector<std::pair<TopicId, std::size_t>> seen;
  int refreshes = 0;
  source->on_upstream<Refresh>([&](const Refresh&) { ++refreshes; });
  source->on_upstream_any([&](const Frame& frame) {
    seen.emplace_back(frame.header.topic(), frame.header.hop_count());
  });
  PayloadWriter writer;
  const Foreign message(writer.write(LockState{}), wire::Topic::lock_state);
  Frame upstream = message.frame;
  upstream.header.mutate_kind(static_cast<std::uint8_t>(wire::FrameKind::upstream));
  upstream.header.mutate_port(kSource);
  say(rig.fd(), upstream);
  tell(rig.fd(), wire::FrameKind::upstream, kSource, Refresh{});
  rig.settle();
  CHECK(refreshes == 1);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].first == id_of(wire::Topic::lock_state));
  CHECK(seen[0].second == 2);

  auto sink = *rig.context().open_sink(port_of(kSink, {"key"}));
  rig.heard();
  REQUIRE(sink->relay_upstream(upstream));
  const auto frames = rig.heard();
  REQUIRE(names_of(frames) == "upstream");
  CHECK(frames[0].header.port() == kSink);
  CHECK(frames[0].header.topic() == id_of(wire::Topic::lock_state));
  CHECK(frames[0].hops.size() == 2);
  CHECK(frames[0].hops.at(0).kernel() == 0xA1);
}

TEST_CASE("the end of a turn comes after its callbacks and before anything leaves") {
  Rig rig;
  auto port = *rig.context().open_sink(port_of(kSink, {"key"}));
  auto back = *rig.context().open_source(port_of(kSource, {"key"}));
  rig.heard();
  std::vector<std::string> steps;
  port->on<Key>([&](const Key&, const EventInfo&) { steps.emplace_back("event"); });
  port->on_batch([&]() -> Result<> {
    steps.emplace_back("batch");
    return {};
  });
  rig.context().on_turn_end([&] {
    if (steps.empty() || steps.back() == "end") return;
    steps.emplace_back("end");
    CHECK_FALSE(readable(rig.fd()));
    REQUIRE(back->emit(key(30, true)));
  });
  rig.context().on_turn_end([&] {
    if (!steps.empty() && steps.back() == "end") steps.emplace_back("second");
  });
  tell(rig.fd(), wire::FrameKind::event, kSink, key(30, true));
  rig.context().dispatch();
  REQUIRE(steps.size() >= 4);
  CHECK(std::vector(steps.begin(), steps.begin() + 4) ==
        std::vector<std::string>{"event", "batch", "end", "second"});
  CHECK(readable(rig.fd()));
}

TEST_CASE("a buffer that is released at the end of a turn goes back with that turn") {
  Rig rig;
  auto port = *rig.context().open_sink(port_of(kSink, {"display_frame"}));
  const auto memory = make_memory(4 * kStride);
  rig.open(rig.pool(7, false, 4, kSink), for_reading(memory));
  Lease kept;
  port->on_any([&](const Frame&, const EventInfo& info) { kept = info.keep(); });
  rig.context().on_turn_end([&] { kept.release(); });
  rig.heard();
  rig.event(kSink, {ref(7, 1, 50)}, DisplayFrame{});
  rig.context().dispatch();
  REQUIRE(readable(rig.fd()));
  CHECK(names_of(rig.heard()).find("release") != std::string::npos);
}

TEST_CASE("numbers and names of topics are to be had") {
  Rig rig;
  wire::TopicsT topics;
  topics.topics.push_back(std::make_unique<wire::TopicNameT>());
  topics.topics[0]->id = 1030;
  topics.topics[0]->name = "acme/tilt";
  PayloadWriter writer;
  say(rig.fd(), {make_header(wire::FrameKind::topics), {}, {}, writer.write(topics)});
  rig.settle();
  CHECK(rig.context().topic_id("acme/tilt") == 1030);
  CHECK(rig.context().topic_name(1030) == "acme/tilt");
  CHECK(rig.context().topic_id("link_state") == id_of(wire::Topic::link_state));
  CHECK(rig.context().topic_name(id_of(wire::Topic::key)) == "key");
  CHECK(rig.context().topic_id("acme/none") == 0);
  CHECK(rig.context().topic_name(1031).empty());
}

TEST_CASE("a call beyond a link is served apart from the device's own, whatever its method") {
  Rig rig;
  std::vector<std::string> served;
  rig.context().serve("devices.list", [&](const Call& call, Reply reply) {
    served.push_back("own " + call.target);
    reply(std::string("{}"));
  });
  rig.call(request_for("link/laptop:kernel", "devices.list"));
  CHECK(served == std::vector<std::string>{"own link/laptop:kernel"});
  rig.context().serve_links([&](const Call& call, Reply reply) {
    served.push_back(call.target + " " + call.method + " for " + call.caller);
    reply(std::string("[]"));
  });
  served.clear();
  rig.heard();
  rig.call(request_for("link/laptop:kernel", "devices.list"));
  rig.call(request_for("server", "devices.list"));
  CHECK(served ==
        std::vector<std::string>{"link/laptop:kernel devices.list for panel", "own server"});
  CHECK(names_of(rig.heard()) == "response response");
}

TEST_CASE("a link calls on behalf of whoever it speaks for, and others for themselves") {
  Rig rig;
  rig.heard();
  REQUIRE(rig.context().call_as("link/laptop:panel", "kernel", "devices.list", "{}", {}));
  REQUIRE(rig.context().call("kernel", "devices.list", "{}", {}));
  const auto frames = rig.heard();
  REQUIRE(names_of(frames) == "request request");
  CHECK(frames[0].as<wire::RequestT>().caller == "link/laptop:panel");
  CHECK(frames[1].as<wire::RequestT>().caller.empty());
}
