#include <catch2/catch.hpp>

#include "tests/unit/pipelines/rig.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

std::vector<std::byte> hops_of(std::initializer_list<wire::HopStamp> hops) {
  std::vector<std::byte> bytes(hops.size() * kHopStampBytes);
  std::memcpy(bytes.data(), hops.begin(), bytes.size());
  return bytes;
}

struct LinkRig : Rig {
  PayloadWriter writer;

  LinkRig() {
    up(1, "link", {out_port(0, "keys")}, true);
    up(2, "desk", {in_port(3, "all", TopicSet::all(), {false, true})});
    apply({pipeline("typing", "link", "desk")});
  }

  void send_far(std::uint16_t code, bool down, const std::vector<std::byte>& hops) {
    Frame frame{make_header(wire::FrameKind::event), {}, hops, writer.write(key(code, down))};
    frame.header.mutate_topic(id_of(wire::Topic::key));
    frame.header.mutate_origin_kernel(0xB2);
    frame.header.mutate_origin_device(9);
    frame.header.mutate_origin_sequence(77);
    seal(frame);
    router.publish({1, 0}, frame, now);
  }
};

}  // namespace

TEST_CASE("this kernel writes the origin and one hop stamp") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  const std::uint64_t captured = rig.now;
  rig.press(kA);
  rig.now += 5 * kMs;
  const Got got = rig.take_frames(2).at(0);
  REQUIRE(got.header.origin_kernel() == kKernel);
  REQUIRE(got.header.origin_device() == 1);
  REQUIRE(got.header.origin_incarnation() == 1);
  REQUIRE(got.header.origin_sequence() == 1);
  REQUIRE(got.header.capture_ns() == captured);
  REQUIRE(got.hops.size() == 1);
  REQUIRE(got.hops[0].kernel() == kKernel);
  REQUIRE(got.hops[0].received_ns() == captured);
  REQUIRE(got.hops[0].sent_ns() == rig.now);
}

TEST_CASE("a link's events keep their origin and gain a hop") {
  LinkRig rig;
  rig.send_far(kA, true, hops_of({{0xB2, 5, 6, 0}}));
  const Got got = rig.take_frames(2).at(0);
  REQUIRE(got.header.origin_kernel() == 0xB2);
  REQUIRE(got.header.origin_sequence() == 77);
  REQUIRE(got.header.port() == 3);
  REQUIRE(got.hops.size() == 2);
  REQUIRE(got.hops[0].kernel() == 0xB2);
  REQUIRE(got.hops[1].kernel() == kKernel);
}

TEST_CASE("an event that was here before is dropped and counted") {
  LinkRig rig;
  rig.send_far(kA, true, hops_of({{0xB2, 5, 6, 0}, {kKernel, 5, 6, 0}}));
  REQUIRE(rig.take().empty());
  REQUIRE(rig.router.totals().looped == 1);
  const wire::HopStamp far(0xB2, 5, 6, 0);
  rig.send_far(kA, true, hops_of({far, far, far, far, far, far, far, far}));
  REQUIRE(rig.take().empty());
  REQUIRE(rig.router.totals().hops_exceeded == 1);
}

TEST_CASE("the age of an event is what it spent in all kernels") {
  LinkRig rig;
  rig.send_far(kA, true, hops_of({{0xB2, 0, 990 * kMs, 0}}));
  rig.send_far(kB, true, hops_of({{0xB2, 0, 100 * kMs, 0}}));
  rig.now += 11 * kMs;
  REQUIRE(rig.take() == "48+");
}

TEST_CASE("a device of this machine cannot claim hops or an origin") {
  LinkRig rig;
  rig.up(1, "link", {out_port(0, "keys")}, false);
  rig.send_far(kA, true, hops_of({{kKernel, 5, 6, 0}}));
  const Got got = rig.take_frames(2).at(0);
  REQUIRE(got.header.origin_kernel() == kKernel);
  REQUIRE(got.hops.size() == 1);
}

TEST_CASE("a consumer that joins asks for a whole frame and gets no delta before it") {
  Rig rig;
  rig.up(1, "screen", {out_port(0, "picture", {id_of(wire::Topic::display_frame)})});
  rig.apply({pipeline("screen", "screen", "desk")});
  REQUIRE(rig.host.upstream.empty());
  rig.up(2, "desk", {in_port(0, "all")});
  REQUIRE(rig.host.upstream == std::vector<std::string>{"1/0 refresh frame"});
  rig.frame(1, true);
  rig.frame(2, false);
  rig.frame(3, true);
  REQUIRE(rig.take() == "frame 2 frame 3");
  REQUIRE(rig.edge("screen").counters.dropped_for(Drop::delta) == 1);
}

TEST_CASE("only a whole frame supersedes, and a lost delta costs one refresh in time") {
  Rig rig;
  rig.up(1, "screen", {out_port(0, "picture", {id_of(wire::Topic::display_frame)})});
  rig.up(2, "desk", {in_port(0, "all")});
  rig.apply({pipeline("screen", "screen", "desk")});
  rig.host.upstream.clear();
  rig.now += kSecond;
  rig.frame(1, false);
  for (std::uint32_t i = 2; i <= 6; ++i) rig.frame(i, true);  // the depth is 4
  REQUIRE(rig.host.upstream.empty());                         // not before they are taken
  REQUIRE(rig.take() == "frame 1 frame 2 frame 3 frame 4");
  REQUIRE(rig.host.upstream == std::vector<std::string>{"1/0 refresh frame"});
  rig.frame(7, true);
  REQUIRE(rig.take().empty());
  rig.frame(8, false);
  rig.frame(9, true);
  rig.frame(10, false);
  REQUIRE(rig.take() == "frame 10");
  REQUIRE(rig.edge("screen").counters.dropped_for(Drop::superseded) == 2);
  require_sums(rig.edge("screen"));
}

TEST_CASE("refreshes of all consumers are merged, at most four a second, none is lost") {
  Rig rig;
  rig.up(1, "screen", {out_port(0, "picture", {id_of(wire::Topic::display_frame)})});
  rig.up(2, "desk", {in_port(0, "all")});
  rig.up(3, "wall", {in_port(0, "all")});
  auto spec = pipeline("screen", "screen", "desk");
  spec.to.push_back("wall");
  rig.apply({spec});
  REQUIRE(rig.host.upstream.size() == 1);
  REQUIRE(rig.router.deadline() == rig.now + 250 * kMs);
  rig.now += 250 * kMs;
  rig.router.tick(rig.now);
  REQUIRE(rig.host.upstream.size() == 2);
  REQUIRE(rig.router.deadline() == Router::kNever);
  Refresh refresh;
  REQUIRE(rig.send_up({2, 0}, refresh));
  REQUIRE(rig.send_up({3, 0}, refresh));
  REQUIRE(rig.host.upstream.size() == 2);
  rig.now += 250 * kMs;
  rig.router.tick(rig.now);
  REQUIRE(rig.host.upstream.size() == 3);
}

TEST_CASE("packets after a lost one wait for a keyframe") {
  Rig rig;
  rig.up(1, "encoder", {out_port(0, "video", {id_of(wire::Topic::media_packet)})});
  rig.up(2, "desk", {in_port(0, "all")});
  auto spec = pipeline("video", "encoder", "desk");
  spec.queue.depth = 3;
  rig.apply({spec});
  rig.packet(1, false);
  for (std::uint64_t i = 2; i <= 5; ++i) rig.packet(i, true);
  REQUIRE(rig.take() == "packet 1 packet 2 packet 3");
  rig.packet(6, true);
  rig.packet(7, false);
  rig.packet(8, true);
  REQUIRE(rig.take() == "packet 7 packet 8");
  require_sums(rig.edge("video"));
}

TEST_CASE("upstream messages reach every producer once, with a hop stamp") {
  Rig rig;
  rig.desk();
  rig.up(3, "second", {out_port(0, "keys")});
  rig.up(4, "bystander", {out_port(0, "keys")});
  rig.apply({pipeline("one", "keyboard", "desk"), pipeline("again", "keyboard", "desk"),
             pipeline("two", "second", "desk")});
  rig.host.upstream.clear();
  REQUIRE(rig.send_up({2, 0}, LockState{}));
  REQUIRE(rig.host.upstream == std::vector<std::string>{"1/0 lock_state", "3/0 lock_state"});
  REQUIRE(rig.host.upstream_hops.back() == 1);
  REQUIRE(rig.send_up({2, 9}, LockState{}).error().code() == Errc::not_found);
}

TEST_CASE("a source has settled when all it sent is taken and applied") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  REQUIRE(rig.router.settled(1));
  rig.press(kA);
  rig.lift(kA);
  rig.router.device_down(1, rig.now);
  REQUIRE_FALSE(rig.router.settled(1));
  rig.take();
  REQUIRE_FALSE(rig.router.settled(1));
  rig.router.applied({2, 0}, 2, rig.now);
  REQUIRE(rig.router.settled(1));
}

TEST_CASE("latencies are measured from capture to applied") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kA);
  rig.now += 10 * kMs;
  rig.take();
  rig.now += 20 * kMs;
  rig.router.applied({2, 0}, 1, rig.now);
  const EdgeStats edge = rig.edge("typing");
  REQUIRE(edge.received_to_sent.count == 1);
  REQUIRE(edge.received_to_sent.p50_ns == Approx(10.0 * kMs).epsilon(0.04));
  REQUIRE(edge.sent_to_applied.p99_ns == Approx(20.0 * kMs).epsilon(0.04));
}

TEST_CASE("the tap sees what the sink gets") {
  Rig rig;
  rig.desk();
  rig.apply({with_remap(pipeline("typing", "keyboard", "desk"), "KEY_CAPSLOCK", "KEY_LEFTCTRL")});
  std::string seen;
  rig.router.set_tap([&](EdgeId id, const Frame& frame) {
    seen += fmt::format("{}:{} ", id, describe_event(frame));
  });
  rig.press(kCaps);
  rig.take();
  REQUIRE(seen == fmt::format("{}:29+ ", rig.edge("typing").id));
  rig.router.set_tap({});
  rig.lift(kCaps);
  REQUIRE(rig.take() == "29-");
}
