#include "tests/support/fake_kernel.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr std::uint16_t kIn = 1;
constexpr std::uint16_t kOut = 2;

// The bytes of a value's payload: equal values have equal ones.
template <class Native>
std::vector<std::byte> packed(const Native& value) {
  PayloadWriter writer;
  const Bytes bytes = writer.write(value);
  return {bytes.begin(), bytes.end()};
}

template <class Event>
void check_echo(FakeKernel& kernel, const Event& event) {
  INFO(wire::EnumNameTopic(topic_of<Event>));
  kernel.event(kIn, event, 12345);
  const auto echo = kernel.wait(wire::FrameKind::event);
  CHECK(echo.header.port() == kOut);
  CHECK(echo.is(topic_of<Event>));
  CHECK(echo.header.capture_ns() == 12345);
  CHECK(packed(echo.as<Event>()) == packed(event));
}

template <class Message>
void check_upstream(FakeKernel& kernel, const Message& message) {
  INFO(wire::EnumNameTopic(topic_of<Message>));
  kernel.upstream(kOut, message);
  const auto echo = kernel.wait(wire::FrameKind::upstream);
  CHECK(echo.header.port() == kIn);
  CHECK(echo.is(topic_of<Message>));
  CHECK(packed(echo.as<Message>()) == packed(message));
}

}  // namespace

TEST_CASE("events of every topic arrive as typed values and leave as such") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  Key pressed = key(30, true);
  pressed.text = "ä";
  check_echo(kernel, pressed);
  check_echo(kernel, key(30, false));
  check_echo(kernel, motion_by(-1.5, 2));
  check_echo(kernel, motion_to(1, 2, 1920, 1080));
  check_echo(kernel, button(0x110, true));
  check_echo(kernel, scroll(-120, 15));
  Touch touch;
  touch.id = 3;
  touch.phase = wire::TouchPhase::move;
  touch.pressure = 0.5F;
  check_echo(kernel, touch);
  InputState state;
  state.pressed = {1, 29};
  state.caps_lock = true;
  check_echo(kernel, state);
  DisplayFrame frame;
  frame.width = 1920;
  frame.stride = 7680;
  frame.damage = wire::Rect(1, 2, 3, 4);
  frame.partial = true;
  check_echo(kernel, frame);
  DisplayMode mode;
  mode.refresh_mhz = 60'000;
  check_echo(kernel, mode);
  Cursor cursor;
  cursor.visible = false;
  check_echo(kernel, cursor);
  AudioFrame audio;
  audio.rate = 48'000;
  audio.format = wire::SampleFormat::f32;
  check_echo(kernel, audio);
  MediaPacket packet;
  packet.codec = "h264";
  packet.extradata = {1, 2, 3};
  check_echo(kernel, packet);
  Clipboard clipboard;
  clipboard.mime = "text/plain";
  clipboard.data.assign(60'000, 1);
  check_echo(kernel, clipboard);
  DeviceState device;
  device.device = "keyboard";
  device.state = "running";
  check_echo(kernel, device);
}

TEST_CASE("what one event holds does not show up in the next") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  Key pressed = key(30, true);
  pressed.text = "secret";
  check_echo(kernel, pressed);
  check_echo(kernel, key(31, true));
  InputState state;
  state.pressed = {1, 2, 3};
  check_echo(kernel, state);
  check_echo(kernel, InputState{});
}

TEST_CASE("a topic of one's own goes by the number that this kernel gave it") {
  FakeKernel kernel({DKVM_PROBE});
  auto welcome = FakeKernel::default_welcome();
  welcome.topics.push_back(std::make_unique<wire::TopicNameT>());
  welcome.topics[0]->id = 1030;
  welcome.topics[0]->name = "acme/pedal";
  kernel.greet(welcome);
  Custom custom;
  custom.data = {4, 5, 6};
  kernel.send_table(kernel.next_event(kIn, 1030), custom);
  const auto echo = kernel.wait(wire::FrameKind::event);
  CHECK(echo.header.topic() == 1030);
  CHECK(echo.as<Custom>().data == custom.data);
}

TEST_CASE("a damaged event, or message upstream, is left out and said once") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  const std::vector<std::byte> damaged(8, std::byte{0xFF});
  for (int i = 0; i < 3; ++i) {
    kernel.send(kernel.next_event(kIn, id_of(wire::Topic::input_state)), damaged);
    kernel.send(kernel.next_event(kIn, id_of(wire::Topic::key)), damaged);
    kernel.send(
        {.kind = wire::FrameKind::upstream, .port = kOut, .topic = id_of(wire::Topic::grab)},
        damaged);
  }
  check_echo(kernel, key(30, true));
  check_upstream(kernel, Refresh{});
  const std::string& log = kernel.drain_log();
  for (const char* topic : {"input_state", "key", "grab"}) {
    const std::string said = "<4>an event of topic '" + std::string(topic) + "' is damaged";
    CHECK(log.find(said) != std::string::npos);
    CHECK(log.find(said) == log.rfind(said));
  }
}

TEST_CASE("upstream messages travel both ways, typed") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  Refresh refresh;
  refresh.what = wire::RefreshWhat::cursor;
  check_upstream(kernel, refresh);
  Feedback feedback;
  feedback.queue_ms = 12;
  check_upstream(kernel, feedback);
  LockState locks;
  locks.num_lock = true;
  check_upstream(kernel, locks);
  Geometry geometry;
  geometry.monitors.push_back(std::make_unique<wire::MonitorT>());
  geometry.monitors[0]->width = 1280;
  check_upstream(kernel, geometry);
  Grab grab;
  grab.action = wire::GrabAction::renew;
  grab.chords.push_back(std::make_unique<wire::ChordT>());
  grab.chords[0]->codes = {29, 56};
  check_upstream(kernel, grab);
  InputState state;
  state.pressed = {29};
  check_upstream(kernel, state);
}

TEST_CASE("applied is cumulative and comes once a batch") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  std::vector<std::byte> batch;
  PayloadWriter writer;
  for (int i = 0; i < 100; ++i) {
    const auto frame = FakeKernel::bytes_of(kernel.next_event(kIn, id_of(wire::Topic::key)),
                                            writer.write(key(1, i % 2 == 0)));
    batch.insert(batch.end(), frame.begin(), frame.end());
  }
  kernel.send_bytes(batch);
  const auto applied = kernel.wait(wire::FrameKind::applied);
  CHECK(applied.header.port() == kIn);
  CHECK(applied.header.sequence() == 100);
}
