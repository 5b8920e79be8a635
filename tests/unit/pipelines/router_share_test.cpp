#include <catch2/catch.hpp>

#include "tests/unit/pipelines/screen.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

const std::string kRefresh = "1/0 refresh frame";

}  // namespace

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
