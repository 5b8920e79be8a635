#include <catch2/catch.hpp>

#include "tests/unit/pipelines/screen.hpp"

using namespace dkvm;
using namespace dkvm::test;

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
  rig.router.pause(kSink, rig.now);
  rig.host.woken.clear();
  rig.release();
  REQUIRE(rig.host.woken.empty());
  rig.router.resume(kSink, rig.now);
  REQUIRE(rig.take() == "frame 2");

  rig.router.pause(kSink, rig.now);
  rig.frame(3, true);
  rig.router.resume(kSink, rig.now);
  REQUIRE(rig.take().empty());  // now it is refused
  rig.router.pause(kSink, rig.now);
  rig.host.woken.clear();
  rig.router.resume(kSink, rig.now);
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
