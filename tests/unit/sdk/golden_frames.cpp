#include "tests/unit/sdk/golden_frames.hpp"

#include <dkvm/session.hpp>

#include <array>

namespace dkvm::test {
namespace {

constexpr std::uint64_t kKernelId = 0x1122334455667788;
constexpr std::uint64_t kCaptureNs = 5'000'000'000;

// What surrounds a payload.
struct Around {
  Envelope envelope = {};
  std::vector<wire::BufferRef> buffers = {};
  std::vector<wire::HopStamp> hops = {};
  bool routed = false;  // by a kernel, which then has written the origin
};

std::vector<std::byte> encode(const Around& around, Bytes payload) {
  Frame frame{make_header(around.envelope.kind), std::as_bytes(std::span(around.buffers)),
              std::as_bytes(std::span(around.hops)), payload};
  frame.header.mutate_port(around.envelope.port);
  frame.header.mutate_topic(around.envelope.topic);
  frame.header.mutate_flags(around.envelope.flags);
  frame.header.mutate_sequence(around.envelope.sequence);
  frame.header.mutate_capture_ns(around.envelope.capture_ns);
  if (around.routed) {
    frame.header.mutate_origin_kernel(kKernelId);
    frame.header.mutate_origin_device(3);
    frame.header.mutate_origin_incarnation(1);
    frame.header.mutate_origin_sequence(9);
  }
  std::vector<std::byte> bytes;
  append_frame(bytes, frame);
  return bytes;
}

GoldenFrame plain(std::string name, const Around& around) {
  return {std::move(name), encode(around, {}), {}};
}

template <class Native>
GoldenFrame with_table(std::string name, const Around& around, const Native& value) {
  PayloadWriter writer;
  return {std::move(name), encode(around, writer.write(value)),
          [](Bytes payload) -> Result<std::vector<std::byte>> {
            DKVM_TRY(const Native read, read_payload<Native>(payload));
            PayloadWriter again;
            const Bytes bytes = again.write(read);
            return std::vector<std::byte>(bytes.begin(), bytes.end());
          }};
}

wire::BufferRef buffer(std::uint32_t slot, std::uint32_t generation) {
  constexpr std::uint64_t kSlotBytes = 1920 * 1080 * 4;
  wire::BufferRef ref;
  ref.mutate_pool(1);
  ref.mutate_slot(slot);
  ref.mutate_generation(generation);
  ref.mutate_memory(static_cast<std::uint16_t>(wire::MemoryKind::memfd));
  ref.mutate_offset(slot * kSlotBytes);
  ref.mutate_length(kSlotBytes);
  return ref;
}

wire::HopStamp hop(std::uint64_t kernel, std::uint64_t received_ns, std::uint64_t sent_ns) {
  wire::HopStamp stamp;
  stamp.mutate_kernel(kernel);
  stamp.mutate_received_ns(received_ns);
  stamp.mutate_sent_ns(sent_ns);
  return stamp;
}

std::unique_ptr<wire::PortSpecT> port(std::uint16_t id, std::string name, wire::Direction direction,
                                      std::vector<std::string> topics) {
  auto spec = std::make_unique<wire::PortSpecT>();
  spec->id = id;
  spec->name = std::move(name);
  spec->direction = direction;
  spec->topics = std::move(topics);
  return spec;
}

std::unique_ptr<wire::TopicNameT> topic(std::uint16_t id, std::string name) {
  auto named = std::make_unique<wire::TopicNameT>();
  named->id = id;
  named->name = std::move(name);
  return named;
}

GoldenFrame hello() {
  wire::HelloT hello;
  hello.protocol_min = hello.protocol_max = kProtocolVersion;
  hello.type = "acme-pedal";
  hello.version = "1.0.0";
  hello.ports.push_back(port(1, "pedal", wire::Direction::source, {"key", "acme/pressure"}));
  hello.ports.push_back(port(2, "pointer", wire::Direction::sink, {"pointer_motion"}));
  hello.ports.back()->injects = true;
  hello.cleanup = true;
  return with_table("hello", {{wire::FrameKind::hello}}, hello);
}

GoldenFrame welcome() {
  wire::WelcomeT welcome;
  welcome.protocol = kProtocolVersion;
  welcome.kernel = "desk";
  welcome.kernel_id = kKernelId;
  welcome.device = "pedal";
  welcome.device_id = 3;
  welcome.incarnation = 1;
  welcome.topics.push_back(topic(1024, "acme/pressure"));
  welcome.silence_ms = static_cast<std::uint32_t>(kKernelSilenceMax.count());
  return with_table("welcome", {{wire::FrameKind::welcome}}, welcome);
}

GoldenFrame topics() {
  wire::TopicsT topics;
  topics.topics.push_back(topic(1025, "acme/tilt"));
  return with_table("topics", {{wire::FrameKind::topics}}, topics);
}

Envelope event_of(std::uint16_t port, TopicId topic, std::uint64_t sequence) {
  return {wire::FrameKind::event, port, topic, 0, sequence, kCaptureNs};
}

GoldenFrame key_event() {
  Key value = key(30, true);
  value.text = "a";
  return with_table("event-key", {event_of(1, id_of(wire::Topic::key), 1)}, value);
}

GoldenFrame motion_event() {
  Around around{event_of(2, id_of(wire::Topic::pointer_motion), 17)};
  around.hops = {hop(0x99, kCaptureNs + 10'000, kCaptureNs + 20'000),
                 hop(kKernelId, kCaptureNs + 300'000, kCaptureNs + 310'000)};
  around.routed = true;
  return with_table("event-motion", around, motion_by(1.5, -2.0));
}

GoldenFrame display_frame_event() {
  Around around{event_of(1, id_of(wire::Topic::display_frame), 4)};
  around.buffers = {buffer(2, 5)};
  DisplayFrame frame;
  frame.epoch = 1;
  frame.width = 1920;
  frame.height = 1080;
  frame.stride = 1920 * 4;
  frame.fourcc = 0x34325258;  // XR24
  frame.damage = wire::Rect(0, 0, 1920, 1080);
  return with_table("event-display-frame", around, frame);
}

GoldenFrame custom_event() {
  Custom value;
  value.data = {1, 2, 3};
  Around around{event_of(1, kCustomTopicFirst, 2)};
  around.envelope.flags = kFlagDiscardable;
  return with_table("event-custom", around, value);
}

GoldenFrame refresh() {
  Refresh value;
  value.what = wire::RefreshWhat::display_mode;
  return with_table("upstream-refresh",
                    {{wire::FrameKind::upstream, 2, id_of(wire::Topic::refresh), 0, 0, kCaptureNs}},
                    value);
}

GoldenFrame request() {
  wire::RequestT value;
  value.target = "kernel";
  value.method = "devices.get";
  value.deadline_ms = 5000;
  value.body = R"({"name":"pedal"})";
  return with_table("request", {{.kind = wire::FrameKind::request, .sequence = 5}}, value);
}

GoldenFrame response() {
  wire::ResponseT value;
  value.body = R"({"name":"pedal","state":"running"})";
  return with_table("response", {{.kind = wire::FrameKind::response, .sequence = 5}}, value);
}

GoldenFrame denied() {
  wire::ResponseT value;
  value.code = wire::Code::denied;
  value.message = "no grant";
  return with_table("response-denied", {{.kind = wire::FrameKind::response, .sequence = 6}}, value);
}

GoldenFrame stop() {
  wire::StopT value;
  value.reason = "the kernel stops";
  value.deadline_ms = 1500;
  return with_table("stop", {{wire::FrameKind::stop}}, value);
}

GoldenFrame port_open() {
  wire::PortOpenT value;
  value.port = port(3, "laptop/keys", wire::Direction::source, {"key"});
  value.port->live = true;
  value.port->peer = "laptop";
  return with_table("port-open", {{wire::FrameKind::port_open, 3}}, value);
}

GoldenFrame pool_open() {
  wire::PoolOpenT value;
  value.pool = 1;
  value.writable = true;
  value.slot_count = 3;
  value.slot_bytes = 1920 * 1080 * 4;
  value.bytes = value.slot_count * value.slot_bytes;
  value.port = 1;
  return with_table("pool-open", {{wire::FrameKind::pool_open, 1}}, value);
}

GoldenFrame pool(std::string name, wire::FrameKind kind) {
  wire::PoolIdT value;
  value.pool = 1;
  return with_table(std::move(name), {{kind}}, value);
}

GoldenFrame slots() {
  Around around{{wire::FrameKind::slots, 1}};
  around.buffers = {buffer(0, 6), buffer(1, 6)};
  return plain("slots", around);
}

GoldenFrame release() {
  Around around{{wire::FrameKind::release, 2}};
  around.buffers = {buffer(2, 5)};
  return plain("release", around);
}

}  // namespace

std::vector<GoldenFrame> golden_frames() {
  using wire::FrameKind;
  std::vector<GoldenFrame> frames;
  for (auto make :
       {hello, welcome, topics, key_event, motion_event, display_frame_event, custom_event, refresh,
        request, response, denied, stop, port_open, pool_open, slots, release})
    frames.push_back(make());
  frames.push_back(pool("pool-mapped", FrameKind::pool_mapped));
  frames.push_back(pool("pool-close", FrameKind::pool_close));
  frames.push_back(pool("pool-closed", FrameKind::pool_closed));
  frames.push_back(plain("cancel", {{.kind = FrameKind::cancel, .sequence = 5}}));
  frames.push_back(plain("applied", {{FrameKind::applied, 2, 0, 0, 17, kCaptureNs}}));
  frames.push_back(plain("pause", {{FrameKind::pause, 1}}));
  frames.push_back(plain("resume", {{FrameKind::resume, 1}}));
  frames.push_back(plain("port-close", {{FrameKind::port_close, 3}}));
  frames.push_back(plain("ping", {{.kind = FrameKind::ping, .sequence = 3}}));
  frames.push_back(plain("pong", {{.kind = FrameKind::pong, .sequence = 3}}));
  frames.push_back(plain("stopped", {{FrameKind::stopped}}));
  frames.push_back(plain("chunk", {{.kind = FrameKind::chunk, .port = 3, .sequence = 17}}));
  return frames;
}

}  // namespace dkvm::test
