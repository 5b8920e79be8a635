#include <catch2/catch.hpp>

#include "tests/unit/pipelines/rig.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr PortRef kSource{1, 0};
constexpr PortRef kSink{2, 0};

// A source (1) and a sink (2) with this share of its buffers.
struct Screen : Rig {
  explicit Screen(FakeAccount::Share share, std::optional<Policy> policy = std::nullopt,
                  std::size_t depth = 100) {
    account.shares[kSink] = share;
    desk();
    apply({queued(pipeline("screen", "keyboard", "desk"), policy, depth)});
    host.upstream.clear();  // what a sink asks for when it joins
    now += kSecond;
  }
  std::uint64_t dropped(Drop reason) const { return edge("screen").counters.dropped_for(reason); }
};

FakeAccount::Share leases(std::size_t count) { return {count, 1000}; }
FakeAccount::Share queue(std::size_t count) { return {1000, count}; }

const std::string kRefresh = "1/0 refresh frame";

}  // namespace

TEST_CASE("a buffer is held while it waits and leased when it is taken") {
  Screen rig({});
  rig.frame(1, false);
  rig.frame(2, true);
  REQUIRE(rig.account.held() == 2);
  REQUIRE(rig.take_one() == "frame 1");
  REQUIRE(rig.account.held() == 1);
  REQUIRE(rig.account.leased(kSink) == 1);
  rig.frame(3, false);  // supersedes the second
  REQUIRE(rig.account.held() == 1);
  REQUIRE(rig.take() == "frame 3");
  REQUIRE(rig.account.held() == 0);
  REQUIRE(rig.account.leased(kSink) == 2);
}

TEST_CASE("every sink holds what it is sent, each for itself") {
  Rig rig;
  rig.desk();
  rig.up(3, "second", {in_port(0, "all")});
  auto spec = pipeline("screen", "keyboard", "desk");
  spec.to.push_back("second");
  rig.apply({spec});
  rig.send(kSource, DisplayFrame(), 0, 3);
  REQUIRE(rig.account.held() == 6);
  rig.take();
  REQUIRE(rig.account.held() == 3);
  REQUIRE(rig.account.leased({2, 0}) == 3);
  rig.router.device_down(3, rig.now);
  REQUIRE(rig.account.held() == 0);
}

TEST_CASE("what queued when the router ends is given back") {
  FakeHost host;
  FakeAccount account;
  {
    Router router(kKernel, host, account);
    const std::vector<RoutedPort> out{out_port(0, "out")};
    const std::vector<RoutedPort> in{in_port(0, "in")};
    router.device_up(1, "source", 1, false, out, 1);
    router.device_up(2, "sink", 1, false, in, 1);
    REQUIRE(router.apply({pipeline("screen", "source", "sink")}, 1));
    PayloadWriter writer;
    const wire::BufferRef ref(1, 2, 3, 0, 0, 0, 1);
    Frame frame{make_header(wire::FrameKind::event),
                std::as_bytes(std::span(&ref, 1)),
                {},
                writer.write(DisplayFrame())};
    frame.header.mutate_topic(id_of(wire::Topic::display_frame));
    seal(frame);
    router.publish({1, 0}, frame, 1);
    REQUIRE(account.held() == 1);
  }
  REQUIRE(account.held() == 0);
}

TEST_CASE("a sink that holds its share waits until it gives a buffer back, without spinning") {
  Screen rig(leases(1));
  rig.frame(1, false);
  rig.frame(2, true);
  REQUIRE(rig.take() == "frame 1");
  REQUIRE_FALSE(rig.router.has_entries(2));
  const std::size_t asked = rig.account.asked;
  rig.host.woken.clear();
  REQUIRE(rig.take().empty());
  rig.frame(3, true);
  REQUIRE(rig.take().empty());
  REQUIRE(rig.account.asked == asked);
  REQUIRE(rig.host.woken.empty());
  REQUIRE_FALSE(rig.router.settled(1));
  rig.release();
  REQUIRE(rig.host.woken == std::vector<DeviceId>{2});
  REQUIRE(rig.router.has_entries(2));
  REQUIRE(rig.take() == "frame 2");
}

TEST_CASE("a refused lease leaves no gap in the numbers of a port") {
  Screen rig(leases(1));
  rig.frame(1, false);
  rig.frame(2, true);
  REQUIRE(rig.take_frames(2).at(0).header.sequence() == 1);
  rig.release();
  REQUIRE(rig.take_frames(2).at(0).header.sequence() == 2);
}

TEST_CASE("a starved port goes on with its input, and starves no other port") {
  Rig rig;
  rig.up(1, "keyboard", {out_port(0, "keys")});
  rig.up(2, "desk",
         {in_port(0, "all"), in_port(1, "sound", {id_of(wire::Topic::audio_frame)}),
          in_port(2, "input", {id_of(wire::Topic::key)})});
  rig.account.shares[kSink] = leases(1);
  rig.apply({pipeline("all", "keyboard", "desk/all"), pipeline("sound", "keyboard", "desk/sound"),
             pipeline("keys", "keyboard", "desk/input")});
  rig.frame(1, false);
  rig.frame(2, true);
  REQUIRE(rig.take() == "frame 1");
  rig.press(kA);
  rig.audio(1);
  REQUIRE(rig.take() == "30+ 30+ audio 1");
  REQUIRE_FALSE(rig.router.has_entries(2));
}

TEST_CASE("room at a sink that was refused nothing, or is not there, changes nothing") {
  Screen rig(leases(1));
  rig.router.room_at(kSink, rig.now);
  rig.router.room_at({2, 9}, rig.now);
  rig.router.room_at({77, 0}, rig.now);
  REQUIRE(rig.host.woken.empty());
}

TEST_CASE("a paused port that is starved too waits for both to end") {
  Screen rig(leases(1));
  rig.frame(1, false);
  rig.frame(2, true);
  REQUIRE(rig.take() == "frame 1");
  rig.router.pause(kSink);
  rig.host.woken.clear();
  rig.release();
  REQUIRE(rig.host.woken.empty());
  rig.router.resume(kSink);
  REQUIRE(rig.take() == "frame 2");

  rig.router.pause(kSink);
  rig.frame(3, true);
  rig.router.resume(kSink);
  REQUIRE(rig.take().empty());  // now it is refused
  rig.router.pause(kSink);
  rig.host.woken.clear();
  rig.router.resume(kSink);
  REQUIRE(rig.host.woken.empty());
  rig.release();
  REQUIRE(rig.take() == "frame 3");
}

TEST_CASE("when what a port could not be given is dropped, the next is tried") {
  Rig rig;
  rig.desk();
  rig.up(3, "other", {out_port(0, "out")});
  rig.account.shares[kSink] = leases(1);
  rig.apply({pipeline("one", "keyboard", "desk"), pipeline("two", "other", "desk")});
  rig.frame(1, false);
  REQUIRE(rig.take() == "frame 1");  // which the sink keeps
  rig.frame(2, false);
  rig.frame(10, false, {3, 0});  // of another pool, but behind
  REQUIRE(rig.take().empty());
  rig.frame(3, false);
  REQUIRE(rig.take() == "frame 10");
  REQUIRE_FALSE(rig.router.has_entries(2));
  REQUIRE(rig.router.remove("one", rig.now));
  rig.release();
  REQUIRE(rig.take() == "frame 3");
}

TEST_CASE("a sink that restarts is starved no more") {
  Screen rig(leases(1));
  rig.frame(1, false);
  rig.frame(2, true);
  REQUIRE(rig.take() == "frame 1");
  rig.host.woken.clear();
  rig.router.device_down(2, rig.now);
  REQUIRE(rig.host.woken.empty());
  REQUIRE(rig.account.held() == 0);
  rig.account.release(kSink);  // it was reaped
  rig.up(2, "desk", {in_port(0, "all")});
  rig.frame(3, false);
  REQUIRE(rig.take() == "frame 3");
}

TEST_CASE("latest: a whole one takes the room of what it supersedes") {
  Screen rig(queue(2));
  rig.frame(1, false);
  rig.frame(2, true);
  rig.frame(3, false);
  REQUIRE(rig.dropped(Drop::superseded) == 2);
  REQUIRE(rig.dropped(Drop::exhausted) == 0);
  REQUIRE(rig.take() == "frame 3");
  REQUIRE(rig.host.upstream.empty());
}

TEST_CASE("latest: a partial without room breaks the chain, a Refresh follows the queue") {
  Screen rig(queue(2));
  rig.frame(1, false);
  rig.frame(2, true);
  rig.frame(3, true);
  rig.frame(4, true);
  REQUIRE(rig.dropped(Drop::overflow) == 1);
  REQUIRE(rig.dropped(Drop::delta) == 1);
  REQUIRE(rig.host.upstream.empty());
  REQUIRE(rig.take() == "frame 1 frame 2");
  REQUIRE(rig.host.upstream == std::vector{kRefresh});
  rig.frame(5, true);  // of the same broken chain
  REQUIRE(rig.edge("screen").counters.mended == 0);
  rig.frame(6, false);
  REQUIRE(rig.edge("screen").counters.mended == 3);
  rig.frame(7, true);
  REQUIRE(rig.take() == "frame 6 frame 7");
  require_sums(rig.edge("screen"));
}

TEST_CASE("without any share nothing passes, and nothing is asked for before there is one") {
  Screen rig(queue(0));
  const std::uint64_t begin = rig.now;
  while (rig.now < begin + kSecond) {
    rig.frame(1, false);
    rig.frame(2, true);
    rig.router.tick(rig.now);
    rig.now += 5 * kMs;
  }
  REQUIRE(rig.dropped(Drop::exhausted) == 200);
  REQUIRE(rig.dropped(Drop::delta) == 200);
  REQUIRE(rig.host.upstream.empty());
  rig.account.shares[kSink] = {};  // a larger pool: it is a guest no more
  rig.router.room_at(kSink, rig.now);
  REQUIRE(rig.host.upstream == std::vector{kRefresh});
  rig.router.room_at(kSink, rig.now + kSecond);
  REQUIRE(rig.host.upstream.size() == 1);
  rig.frame(3, false);
  rig.frame(4, true);
  REQUIRE(rig.take() == "frame 3 frame 4");
  require_sums(rig.edge("screen"));
}

TEST_CASE("a cursor's shape without room is asked for when there is some") {
  Screen rig(queue(0));
  Cursor event;
  rig.send(kSource, event, 0, 1);
  REQUIRE(rig.dropped(Drop::exhausted) == 1);
  REQUIRE(rig.host.upstream.empty());
  rig.router.room_at(kSink, rig.now);
  REQUIRE(rig.host.upstream == std::vector<std::string>{"1/0 refresh cursor"});
  event.x = 7;
  rig.send(kSource, event);
  REQUIRE(rig.take() == "cursor 7");  // a mere move needs no room
}

TEST_CASE("deltas: packets without room go until a keyframe, which supersedes them") {
  Screen rig(queue(2), Policy::deltas);
  rig.packet(1, false);
  rig.packet(2, true);
  rig.packet(3, true);
  REQUIRE(rig.dropped(Drop::overflow) == 1);
  rig.packet(4, true);
  REQUIRE(rig.dropped(Drop::delta) == 1);
  rig.packet(5, false);
  REQUIRE(rig.dropped(Drop::superseded) == 2);
  REQUIRE(rig.take() == "packet 5");
  REQUIRE(rig.account.held() == 0);
  require_sums(rig.edge("screen"));
}

TEST_CASE("drop-oldest: the oldest of this edge go until there is room") {
  Screen rig(queue(2));
  for (std::uint32_t i = 1; i <= 4; ++i) rig.audio(i);
  REQUIRE(rig.dropped(Drop::oldest) == 2);
  AudioFrame event;
  event.frames = 5;
  rig.send(kSource, event, 0, 2);  // needs the room of both
  REQUIRE(rig.dropped(Drop::oldest) == 4);
  event.frames = 6;
  rig.send(kSource, event, 0, 3);  // more than the share
  REQUIRE(rig.dropped(Drop::exhausted) == 1);
  REQUIRE(rig.take().empty());
  REQUIRE(rig.account.held() == 0);
  require_sums(rig.edge("screen"));
}

TEST_CASE("lossless: without room what waits in buffers is a gap, keys stay") {
  Screen rig(queue(2));
  rig.press(kA);
  rig.clip(1, 1);
  rig.clip(2, 1);
  REQUIRE(rig.host.gaps.empty());
  rig.clip(2000, 1);
  REQUIRE(rig.host.gaps.size() == 1);
  REQUIRE(rig.host.gaps[0].reason == Drop::overflow);
  REQUIRE(rig.host.gaps[0].lost == 2);
  REQUIRE(rig.take() == "30+ clip large");
  rig.clip(1, 3);
  REQUIRE(rig.host.gaps.size() == 2);
  REQUIRE(rig.host.gaps[1].reason == Drop::exhausted);
  REQUIRE(rig.host.gaps[1].lost == 1);
  require_sums(rig.edge("screen"));
}

TEST_CASE("lossless: a partial is not queued behind the gap that took its predecessor") {
  Screen rig(queue(2), Policy::lossless);
  rig.frame(1, false);
  rig.frame(2, true);
  rig.frame(3, true);
  REQUIRE(rig.take().empty());
  REQUIRE(rig.host.upstream == std::vector{kRefresh});
  rig.frame(4, false);
  rig.frame(5, true);
  rig.frame(6, false);  // a gap, after which it begins anew
  rig.frame(7, true);
  REQUIRE(rig.take() == "frame 6 frame 7");
  require_sums(rig.edge("screen"));
}

TEST_CASE("block asks for no room: its source has no slots instead") {
  Screen rig(queue(0), Policy::block, 4);
  rig.frame(1, false);
  rig.frame(2, true);
  REQUIRE(rig.take() == "frame 1 frame 2");
  for (std::uint32_t i = 3; i < 7; ++i) rig.frame(i, true);
  REQUIRE(rig.host.calls == std::vector<std::string>{"pause 1/0"});
  REQUIRE(rig.edge("screen").counters.dropped_in_all() == 0);
}

TEST_CASE("what the stages refuse asks for no room and drops nothing") {
  Screen rig(queue(1));
  auto spec = pipeline("screen", "keyboard", "desk");
  spec.via = {{"filter", {{"deny", {"audio_frame"}}}}};
  rig.apply({spec});
  rig.frame(1, false);
  rig.audio(1);
  REQUIRE(rig.dropped(Drop::filtered) == 1);
  REQUIRE(rig.take() == "frame 1");
}

TEST_CASE("events of any topic queue with the bulk when they bring buffers") {
  Screen rig(leases(1));
  rig.frame(1, false);
  rig.clip(2000, 1);
  rig.press(kA);
  REQUIRE(rig.take() == "30+ frame 1");  // the clipboard waits for a buffer
  rig.lift(kA);
  REQUIRE(rig.take() == "30-");
  rig.release();
  REQUIRE(rig.take() == "clip large");
}

TEST_CASE("an event without buffers does not overtake one of its topic that waits with them") {
  Screen rig(leases(1));
  rig.frame(1, false);
  rig.clip(2000, 1);
  rig.clip(1, 0);
  rig.send(kSource, scroll(0, 1));
  REQUIRE(rig.take() == "scroll 1 frame 1");
  rig.release();
  REQUIRE(rig.take_one() == "clip large");
  rig.clip(3000, 0);
  REQUIRE(rig.take() == "clip small clip large");
  rig.frame(2, true);
  rig.clip(1, 0);  // none waits any more: in the order of input
  REQUIRE(rig.take() == "clip small");
}

TEST_CASE("what waits apart from its topic's lane gets too old there too") {
  Screen rig(leases(1));
  auto spec = pipeline("screen", "keyboard", "desk");
  spec.queue.max_age_ns = 50 * kMs;
  rig.apply({spec});
  rig.frame(1, false);
  REQUIRE(rig.take() == "frame 1");
  rig.clip(1, 1);
  rig.clip(1, 0);
  REQUIRE(rig.take().empty());
  rig.now += 51 * kMs;
  rig.release();
  REQUIRE(rig.take().empty());
  REQUIRE(rig.dropped(Drop::stale) == 2);
  REQUIRE(rig.host.gaps.size() == 2);
  REQUIRE(rig.account.held() == 0);
}

TEST_CASE("latest: a newer one with buffers takes the place of one without") {
  Screen rig({}, Policy::latest);
  rig.clip(1, 0);
  rig.clip(2000, 1);
  REQUIRE(rig.dropped(Drop::superseded) == 1);
  REQUIRE(rig.take() == "clip large");
}

TEST_CASE("input that brings buffers goes on without them") {
  Screen rig(queue(0));
  rig.send(kSource, key(kA, true), 0, 1);
  rig.send(kSource, scroll(0, 1), 0, 2);
  rig.send(kSource, motion_by(1, 1), 0, 1);
  rig.send(kSource, key(kA, false), 0, 1);
  const auto got = rig.take_frames(2);
  REQUIRE(got.size() == 4);
  for (const Got& each : got) REQUIRE(each.header.buffer_count() == 0);
  REQUIRE(got.front().text == "30+");
  REQUIRE(got.back().text == "30-");
}

TEST_CASE("buffers for a sink that is away are not held") {
  Rig rig;
  rig.up(1, "keyboard", {out_port(0, "keys")});
  rig.apply({pipeline("screen", "keyboard", "desk")});
  rig.frame(1, false);
  REQUIRE(rig.account.held() == 0);
}

TEST_CASE("a pipeline that goes still delivers what it has queued, and holds it till then") {
  Screen rig({});
  rig.frame(1, false);
  rig.apply({});
  REQUIRE(rig.account.held() == 1);
  REQUIRE(rig.take() == "frame 1");
  REQUIRE(rig.account.held() == 0);
}

TEST_CASE("a partial behind one that is too old goes with it") {
  Screen rig({}, Policy::deltas);
  auto spec = queued(pipeline("screen", "keyboard", "desk"), Policy::deltas, 100);
  spec.queue.max_age_ns = 50 * kMs;
  rig.apply({spec});
  rig.frame(1, false);
  REQUIRE(rig.take() == "frame 1");
  rig.frame(2, true);
  rig.now += 40 * kMs;
  rig.frame(3, true);
  rig.now += 20 * kMs;
  REQUIRE(rig.take().empty());
  REQUIRE(rig.dropped(Drop::stale) == 1);
  REQUIRE(rig.dropped(Drop::delta) == 1);
  REQUIRE(rig.host.upstream == std::vector{kRefresh});
  require_sums(rig.edge("screen"));
}
