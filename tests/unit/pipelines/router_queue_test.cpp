#include <catch2/catch.hpp>

#include "tests/unit/pipelines/rig.hpp"

using namespace dkvm;
using namespace dkvm::test;

TEST_CASE("one queue for a sink's ports keeps the order of a key and a click") {
  Rig rig;
  rig.up(1, "keyboard", {out_port(0, "keys")});
  rig.up(3, "mouse", {out_port(0, "pointer")});
  rig.up(2, "desk",
         {in_port(0, "keys", {id_of(wire::Topic::key)}),
          in_port(1, "pointer",
                  {id_of(wire::Topic::pointer_motion), id_of(wire::Topic::pointer_button)})});
  rig.apply({pipeline("one", "keyboard", "desk"), pipeline("two", "mouse", "desk")});
  rig.press(kCtrl);
  rig.press(kLeft, {3, 0});
  rig.lift(kLeft, {3, 0});
  rig.lift(kCtrl);
  const auto got = rig.take_frames(2);
  REQUIRE(got.size() == 4);
  REQUIRE((got[0].text == "29+" && got[0].header.port() == 0 && got[0].header.sequence() == 1));
  REQUIRE((got[1].text == "272+" && got[1].header.port() == 1 && got[1].header.sequence() == 1));
  REQUIRE((got[2].text == "272-" && got[2].header.sequence() == 2));
  REQUIRE((got[3].text == "29-" && got[3].header.sequence() == 2));
}

TEST_CASE("relative motion adds up between barriers and never crosses one") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("pointer", "keyboard", "desk")});
  rig.send({1, 0}, motion_by(1, 0));
  rig.send({1, 0}, motion_by(2, 5));
  rig.press(kLeft);
  rig.send({1, 0}, motion_by(10, 0));
  rig.send({1, 0}, motion_by(-4, -1));
  rig.lift(kLeft);
  rig.send({1, 0}, scroll(0, 120));
  rig.send({1, 0}, scroll(0, 120));
  REQUIRE(rig.take() == "by(3,5) 272+ by(6,-1) 272- scroll 120 scroll 120");
  REQUIRE(rig.edge("pointer").counters.coalesced == 2);
  require_sums(rig.edge("pointer"));
}

TEST_CASE("the last absolute motion stays, and kinds are not mixed") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("pointer", "keyboard", "desk")});
  rig.send({1, 0}, motion_to(1, 1, 100, 100));
  rig.send({1, 0}, motion_to(7, 8, 100, 100));
  rig.send({1, 0}, motion_by(1, 1));
  rig.send({1, 0}, motion_by(1, 1));
  rig.send({1, 0}, motion_to(50, 50, 100, 100));
  REQUIRE(rig.take() == "to(7,8) to(50,50)");
}

TEST_CASE("motion merges under stages too") {
  Rig rig;
  rig.desk();
  rig.apply({with_remap(pipeline("pointer", "keyboard", "desk"), "KEY_A", "KEY_B")});
  rig.send({1, 0}, motion_by(1, 1));
  rig.send({1, 0}, motion_by(1, 1));
  rig.send({1, 0}, motion_to(3, 3, 9, 9));
  rig.send({1, 0}, motion_to(4, 4, 9, 9));
  REQUIRE(rig.take() == "to(4,4)");
  require_sums(rig.edge("pointer"));
}

TEST_CASE("an overflow leaves the releases that it owes, and a reported gap") {
  Rig rig;
  rig.desk();
  rig.apply({queued(pipeline("typing", "keyboard", "desk"), std::nullopt, 4)});
  rig.press(kA);
  rig.press(kCtrl);
  REQUIRE(rig.take() == "30+ 29+");  // both are down at the sink
  rig.lift(kA);
  rig.press(kB);
  rig.lift(kB);
  rig.press(kC);
  rig.press(kB);  // the fifth
  REQUIRE(rig.host.gaps.size() == 1);
  REQUIRE(rig.host.gaps[0].pipeline == "typing");
  REQUIRE(rig.host.gaps[0].reason == Drop::overflow);
  REQUIRE(rig.host.gaps[0].lost == 3);
  REQUIRE(rig.take() == "30- 48+");
  rig.lift(kC);  // lost with the gap
  rig.lift(kB);
  rig.lift(kCtrl);
  REQUIRE(rig.take() == "48- 29-");
  require_sums(rig.edge("typing"));
}

TEST_CASE("after a gap a modifier whose down was lost is pressed again") {
  Rig rig;
  rig.desk();
  rig.apply({queued(pipeline("typing", "keyboard", "desk"), std::nullopt, 2)});
  rig.press(kCtrl);
  rig.press(kA);
  rig.press(kB);
  REQUIRE(rig.take() == "29+ 48+");
}

TEST_CASE("an overflow does not release what another edge holds") {
  Rig rig;
  rig.desk();
  rig.up(3, "second", {out_port(0, "keys")});
  rig.apply({queued(pipeline("one", "keyboard", "desk"), std::nullopt, 2),
             pipeline("two", "second", "desk")});
  rig.press(kA);
  rig.press(kA, {3, 0});  // merged into the first, which is about to be lost
  rig.press(kB);
  rig.press(kC);
  REQUIRE(rig.take() == "30+ 46+");
  rig.lift(kA, {3, 0});
  REQUIRE(rig.take() == "30-");
}

TEST_CASE("stale input is discarded, an up whose down was delivered goes out") {
  Rig rig;
  rig.desk({false, true});
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kA);
  REQUIRE(rig.take() == "30+");
  rig.lift(kA);
  rig.press(kB);
  rig.lift(kB);
  rig.press(kCtrl);
  rig.now += kSecond + kMs;
  rig.press(kC);
  REQUIRE(rig.take() == "30- 46+ 29+");
  REQUIRE(rig.host.gaps.size() == 1);
  REQUIRE(rig.host.gaps[0].reason == Drop::stale);
  REQUIRE(rig.host.gaps[0].lost == 2);
  require_sums(rig.edge("typing"));
}

TEST_CASE("nothing gets too old at a sink that does not inject, unless the pipeline says so") {
  Rig rig;
  rig.desk();
  auto spec = pipeline("typing", "keyboard", "desk");
  rig.apply({spec});
  rig.press(kA);
  rig.now += 100 * kSecond;
  REQUIRE(rig.take() == "30+");
  spec.queue.max_age_ns = 50 * kMs;
  rig.apply({spec});
  rig.press(kB);
  rig.now += 51 * kMs;
  REQUIRE(rig.take().empty());
  rig.lift(kB);
  REQUIRE(rig.take().empty());
}

TEST_CASE("the latest cursor stays, a shape is not lost to a mere move") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("screen", "keyboard", "desk")});
  const auto cursor = [&](std::int32_t x, std::size_t buffers) {
    Cursor event;
    event.x = x;
    rig.send({1, 0}, event, 0, buffers);
  };
  cursor(1, 0);
  cursor(2, 1);
  cursor(3, 0);
  cursor(4, 0);
  REQUIRE(rig.take() == "cursor 2 cursor 4");
}

TEST_CASE("the oldest audio goes when the queue is full") {
  Rig rig;
  rig.desk();
  rig.apply({queued(pipeline("sound", "keyboard", "desk"), std::nullopt, 2)});
  for (std::uint32_t i = 1; i <= 4; ++i) {
    AudioFrame event;
    event.frames = i;
    rig.send({1, 0}, event, 0, 1);
  }
  REQUIRE(rig.take() == "audio 3 audio 4");
  REQUIRE(rig.edge("sound").counters.dropped_for(Drop::oldest) == 2);
  require_sums(rig.edge("sound"));
}

TEST_CASE("input goes before what is in buffers") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("all", "keyboard", "desk")});
  rig.frame(1, false);
  rig.press(kA);
  REQUIRE(rig.take() == "30+ frame 1");
}

TEST_CASE("a paused port blocks no other, and is not too late afterwards") {
  Rig rig;
  rig.up(1, "keyboard", {out_port(0, "keys")});
  rig.up(2, "desk",
         {in_port(0, "keys", {id_of(wire::Topic::key)}),
          in_port(1, "pointer", {id_of(wire::Topic::pointer_button)})});
  rig.apply({pipeline("all", "keyboard", "desk")});
  rig.press(kA);
  rig.press(kLeft);
  rig.router.pause({2, 0}, rig.now);
  rig.lift(kA);
  rig.lift(kLeft);
  REQUIRE(rig.take() == "272+ 272-");
  REQUIRE_FALSE(rig.router.has_entries(2));
  rig.host.woken.clear();
  rig.router.resume({2, 0}, rig.now);
  REQUIRE(rig.host.woken == std::vector<DeviceId>{2});
  rig.press(kB);
  REQUIRE(rig.take() == "30+ 30- 48+");
  rig.press(kLeft);
  rig.lift(kB);
  REQUIRE(rig.take() == "272+ 48-");
}

TEST_CASE("run-time ports share one order of arrival, and each pauses alone") {
  Rig rig;
  rig.desk();
  rig.up(4, "link", {}, true);
  rig.router.port_up(4, in_port(10, "laptop/typing"), rig.now);
  rig.router.port_up(4, in_port(11, "tower/typing"), rig.now);
  auto spec = pipeline("typing", "keyboard", "link/laptop");
  spec.to.push_back("link/tower");
  rig.apply({spec});
  rig.press(kA);
  rig.lift(kA);
  rig.router.pause({4, 11}, rig.now);
  rig.press(kB);
  REQUIRE(rig.take(4) == "30+ 30- 48+");
  rig.router.resume({4, 11}, rig.now);
  rig.lift(kB);
  const auto got = rig.take_frames(4);
  REQUIRE(got.size() == 5);
  REQUIRE(got[0].header.port() == 10);
  for (std::size_t i = 1; i < got.size(); ++i) REQUIRE(got[i].header.port() == 11);
}

TEST_CASE("keys and buttons of a link's peer keep their order, whichever stream each takes") {
  Rig rig;
  rig.up(1, "input",
         {out_port(0, "keys", {id_of(wire::Topic::key)}),
          out_port(1, "mouse",
                   {id_of(wire::Topic::pointer_button), id_of(wire::Topic::display_frame)})});
  rig.up(4, "server", {}, true);
  rig.router.port_up(4, of_peer(in_port(10, "laptop/keys")), rig.now);
  rig.router.port_up(4, of_peer(in_port(11, "laptop/mouse")), rig.now);
  rig.apply({pipeline("typing", "input/keys", "link/laptop/keys"),
             pipeline("pointing", "input/mouse", "link/laptop/mouse")});
  rig.press(kCtrl);
  rig.press(kLeft, {1, 1});
  rig.frame(1, false, {1, 1});
  rig.lift(kLeft, {1, 1});
  rig.lift(kCtrl);
  CHECK(rig.take(4) == "29+ 272+ 272- 29- frame 1");

  rig.press(kCtrl);
  rig.press(kLeft, {1, 1});
  rig.router.pause({4, 10}, rig.now);  // in mid-queue
  rig.lift(kLeft, {1, 1});
  rig.lift(kCtrl);
  CHECK(rig.take(4) == "272+ 272-");
  rig.press(kA);
  rig.router.resume({4, 10}, rig.now);
  rig.lift(kA);
  CHECK(rig.take(4) == "29+ 29- 30+ 30-");
}

TEST_CASE("the host is woken once, until everything was taken") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.press(kA);
  rig.lift(kA);
  REQUIRE(rig.host.woken.size() == 1);
  rig.take_one();
  rig.press(kB);
  REQUIRE(rig.host.woken.size() == 1);
  rig.take();
  REQUIRE_FALSE(rig.router.has_entries(2));
  rig.lift(kB);
  REQUIRE(rig.host.woken.size() == 2);
}

TEST_CASE("block pauses the source at its depth and resumes it at half") {
  Rig rig;
  rig.desk();
  rig.apply({queued(pipeline("work", "keyboard", "desk"), Policy::block, 4)});
  for (int i = 0; i < 4; ++i) rig.send({1, 0}, scroll(0, i));
  REQUIRE(rig.host.calls == std::vector<std::string>{"pause 1/0"});
  rig.take_one();
  REQUIRE(rig.host.calls.size() == 1);
  rig.take_one();
  REQUIRE(rig.host.calls.back() == "resume 1/0");
}

TEST_CASE("who ignores a pause beyond the hard cap offends, once") {
  Rig rig;
  rig.desk();
  rig.apply({queued(pipeline("work", "keyboard", "desk"), Policy::block, 4)});
  for (std::size_t i = 0; i < kBlockedEntriesMax + 3; ++i) rig.send({1, 0}, scroll(0, 1));
  REQUIRE(rig.host.calls == std::vector<std::string>{"pause 1/0", "offend 1"});
  REQUIRE(rig.edge("work").counters.lost == 3);
  REQUIRE(rig.edge("work").queued == kBlockedEntriesMax);
  require_sums(rig.edge("work"));
}

TEST_CASE("block is refused for live sources and on links") {
  Rig rig;
  rig.up(1, "keyboard", {out_port(0, "keys", TopicSet::all(), {true, false})});
  rig.up(2, "desk", {in_port(0, "all")});
  rig.up(3, "file", {out_port(0, "keys")});
  rig.up(4, "link", {in_port(0, "all")}, true);
  rig.apply({queued(pipeline("live", "keyboard", "desk"), Policy::block, 4),
             queued(pipeline("far", "file", "link"), Policy::block, 4)});
  rig.press(kA);
  rig.press(kA, {3, 0});
  REQUIRE(rig.take(2).empty());
  REQUIRE(rig.take(4).empty());
  REQUIRE(rig.edge("live").state == EdgeState::refused);
  REQUIRE(rig.edge("far").state == EdgeState::refused);
}

TEST_CASE("bodies of any size survive the queue") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("clip", "keyboard", "desk")});
  for (const std::size_t bytes : {10U, 300U, 5000U, 60000U, 5000U, 10U}) {
    Clipboard event;
    event.mime = "text/plain";
    event.data.assign(bytes, 'x');
    rig.send({1, 0}, event);
  }
  REQUIRE(rig.take() == "clip small clip small clip large clip large clip large clip small");
}

TEST_CASE("an idle router gives its memory back in time") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  REQUIRE(rig.router.deadline() == Router::kNever);
  for (int i = 0; i < 100; ++i) {
    rig.press(kA);
    rig.lift(kA);
  }
  REQUIRE(rig.router.deadline() == rig.now + kSecond);
  rig.take();
  rig.now += kSecond;
  rig.router.tick(rig.now);
  REQUIRE(rig.router.deadline() == Router::kNever);
  rig.press(kA);
  REQUIRE(rig.take() == "30+");
}

TEST_CASE("what a resumed port owes after its input went stale comes with the same take") {
  Rig rig;
  rig.desk({false, true});
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.router.pause({2, 0}, rig.now);
  rig.press(kCtrl);
  rig.now += 2 * kSecond;
  rig.router.resume({2, 0}, rig.now);
  REQUIRE(rig.take() == "29+");  // pressed again, not replayed
  REQUIRE(rig.host.gaps.size() == 1);
  REQUIRE_FALSE(rig.router.has_entries(2));
}
