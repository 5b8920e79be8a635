#include <catch2/catch.hpp>

#include "tests/unit/pipelines/rig.hpp"

#include <dkvm/payload.hpp>

#include <cstring>
#include <vector>

using namespace dkvm;
using namespace dkvm::test;

// Sources and sinks that do what no honest one does.

TEST_CASE("overflow upon overflow leaves a bounded queue") {
  Rig rig;
  rig.desk();
  rig.apply({queued(pipeline("typing", "keyboard", "desk"), Policy::lossless, 1)});
  Touch touch;
  touch.phase = wire::TouchPhase::down;
  rig.send({1, 0}, touch);
  rig.take();
  for (int i = 0; i < 1000; ++i) {
    rig.press(kCtrl);
    touch.phase = i % 2 == 0 ? wire::TouchPhase::up : wire::TouchPhase::down;
    rig.send({1, 0}, touch);
    rig.lift(kCtrl);
  }
  REQUIRE(rig.edge("typing").queued <= 8);
  require_sums(rig.edge("typing"));
  rig.router.device_down(1, rig.now);
  REQUIRE(rig.take() == "touch 0 cancel 29+ 29-");
}

TEST_CASE("deltas on topics that have none bounds their queue as ever") {
  Rig rig;
  rig.desk();
  rig.apply({queued(pipeline("all", "keyboard", "desk"), Policy::deltas, 4)});
  for (int i = 0; i < 100; ++i) {
    rig.send({1, 0}, motion_by(1, 0));
    rig.send({1, 0}, AudioFrame{}, 0, 1);
    rig.send({1, 0}, Clipboard{});
    rig.send({1, 0}, Custom{}, 0, 0, kCustomTopicFirst);
  }
  REQUIRE(rig.edge("all").queued <= 4 * 4);
  require_sums(rig.edge("all"));
}

TEST_CASE("what the stages refuse pushes nothing out of a full queue") {
  Rig rig;
  rig.desk();
  PipelineSpec spec = queued(pipeline("typing", "keyboard", "desk"), Policy::lossless, 4);
  spec.via = {{"filter", {{"deny", {"KEY_C", "touch"}}}}};
  rig.apply({spec});
  rig.press(kA);
  rig.lift(kA);
  rig.press(kB);
  rig.lift(kB);
  rig.press(kC);
  Touch touch;
  touch.phase = wire::TouchPhase::down;
  rig.send({1, 0}, touch);
  REQUIRE(rig.host.gaps.empty());
  REQUIRE(rig.edge("typing").counters.dropped_for(Drop::filtered) == 2);
  REQUIRE(rig.take() == "30+ 30- 48+ 48-");
}

TEST_CASE("contacts that a filter refuses leave room for others") {
  Rig rig;
  rig.desk();
  PipelineSpec spec = pipeline("touch", "keyboard", "desk");
  spec.via = {{"filter", {{"deny", {"touch"}}}}};
  rig.apply({spec});
  Touch touch;
  touch.phase = wire::TouchPhase::down;
  for (touch.id = 1; touch.id <= 100; ++touch.id) rig.send({1, 0}, touch);
  rig.apply({pipeline("touch", "keyboard", "desk")});
  touch.id = 500;
  rig.send({1, 0}, touch);
  REQUIRE(rig.take() == "touch 500 down");
  rig.apply({spec});
  touch.phase = wire::TouchPhase::up;
  rig.send({1, 0}, touch);  // it was let through as it began
  REQUIRE(rig.take() == "touch 500 up");
}

TEST_CASE("fields that overlap cannot turn an up into a down behind a remap") {
  Rig rig;
  rig.desk();
  rig.apply({with_remap(pipeline("typing", "keyboard", "desk"), "KEY_A", "KEY_OK")});
  PayloadWriter writer;
  const Bytes honest = writer.write(key(kA, true));
  std::vector<std::byte> payload(honest.begin(), honest.end());
  // `down` is read from the high byte of `code`: 0 in KEY_A, not so in KEY_OK.
  auto* table = flatbuffers::GetMutableRoot<flatbuffers::Table>(payload.data());
  const std::size_t vtable = static_cast<std::size_t>(
      reinterpret_cast<const std::byte*>(table->GetVTable()) - payload.data());
  const auto at_code =
      static_cast<flatbuffers::voffset_t>(table->GetOptionalFieldOffset(wire::Key::VT_CODE) + 1);
  std::memcpy(payload.data() + vtable + wire::Key::VT_DOWN, &at_code, sizeof at_code);
  Frame up{make_header(wire::FrameKind::event), {}, {}, payload};
  up.header.mutate_topic(id_of(wire::Topic::key));
  seal(up);
  REQUIRE(verify_event(up.header.topic(), payload));

  rig.press(kA);
  rig.router.publish({1, 0}, up, rig.now);
  REQUIRE(rig.take() == "352+ 352-");
}

TEST_CASE("one code as key and as button is lifted as what it was pressed") {
  Rig rig;
  rig.desk();
  rig.up(3, "mouse", {out_port(0, "buttons")});
  rig.apply({pipeline("one", "keyboard", "desk"), pipeline("two", "mouse", "desk")});
  rig.send({1, 0}, key(kLeft, true));
  rig.send({3, 0}, button(kLeft, true));
  rig.send({1, 0}, key(kLeft, false));
  REQUIRE(rig.take_frames(2).size() == 1);
  rig.send({3, 0}, button(kLeft, false));
  const auto got = rig.take_frames(2);
  REQUIRE(got.size() == 1);
  REQUIRE(got[0].header.topic() == id_of(wire::Topic::key));
  REQUIRE(got[0].text == "272-");
}

TEST_CASE("keys for a sink that is away are a gap, and `block` pauses their source") {
  Rig rig;
  rig.desk();
  rig.apply({pipeline("typing", "keyboard", "desk")});
  rig.router.device_down(2, rig.now);
  rig.press(kA);
  rig.lift(kA);
  REQUIRE(rig.host.gaps.size() == 2);
  REQUIRE(rig.host.gaps[0].reason == Drop::waiting);
  REQUIRE(rig.edge("typing").counters.lost == 2);

  rig.up(2, "desk", {in_port(0, "all")});
  rig.apply({queued(pipeline("work", "keyboard", "desk"), Policy::block, 4)});
  rig.router.device_down(2, rig.now);
  REQUIRE(rig.host.calls.back() == "pause 1/0");
  rig.up(2, "desk", {in_port(0, "all")});
  REQUIRE(rig.host.calls.back() == "resume 1/0");
}
