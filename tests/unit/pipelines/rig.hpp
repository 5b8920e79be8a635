#pragma once

#include "pipelines/router.hpp"
#include "tests/unit/pipelines/fake_account.hpp"

#include <dkvm/codes.hpp>
#include <dkvm/payload.hpp>

#include <fmt/format.h>

#include <deque>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

// A router between sources and sinks that a test plays itself.
namespace dkvm::test {

inline constexpr std::uint64_t kKernel = 0xA1;
inline constexpr std::uint64_t kMs = 1'000'000;
inline constexpr std::uint64_t kSecond = 1'000'000'000;

inline constexpr std::uint16_t kA = 30;
inline constexpr std::uint16_t kB = 48;
inline constexpr std::uint16_t kC = 46;
inline constexpr std::uint16_t kCtrl = 29;
inline constexpr std::uint16_t kCaps = 58;
inline constexpr std::uint16_t kMeta = 125;  // KEY_LEFTMETA
inline constexpr std::uint16_t kLeft = 272;  // BTN_LEFT

// A message upstream that owns its bytes.
struct SentUp {
  PortRef source;
  TopicId topic = 0;
  std::vector<std::byte> payload;
  std::vector<std::byte> hops;
};

struct FakeHost : RouterHost {
  std::vector<DeviceId> woken;
  std::vector<std::string> calls;  // "pause 1/0", "offend 1"
  std::vector<std::string> upstream;
  std::vector<std::size_t> upstream_hops;
  std::vector<SentUp> sent_up;
  std::map<DeviceId, bool> held;
  std::vector<Gap> gaps;
  std::vector<PortRef> feeds;
  std::map<std::string, TopicId, std::less<>> topics;

  void wake(DeviceId sink) override { woken.push_back(sink); }
  void pause(PortRef source) override {
    calls.push_back(fmt::format("pause {}/{}", source.device, source.port));
  }
  void resume(PortRef source) override {
    calls.push_back(fmt::format("resume {}/{}", source.device, source.port));
  }
  void send_upstream(const Upstream& message) override {
    std::string text(well_known_name(message.topic));
    if (message.topic == id_of(wire::Topic::refresh)) {
      text += fmt::format(
          " {}", wire::EnumNameRefreshWhat(view_table<wire::Refresh>(message.payload).what()));
    }
    upstream.push_back(fmt::format("{}/{} {}", message.source.device, message.source.port, text));
    upstream_hops.push_back(message.hops.size() / kHopStampBytes);
    sent_up.push_back({message.source,
                       message.topic,
                       {message.payload.begin(), message.payload.end()},
                       {message.hops.begin(), message.hops.end()}});
  }
  void held_changed(DeviceId device, bool holds) override { held[device] = holds; }
  void report(const Gap& gap) override { gaps.push_back(gap); }
  void feeds_changed(PortRef source) override { feeds.push_back(source); }
  void offend(DeviceId device, std::string) override {
    calls.push_back(fmt::format("offend {}", device));
  }
  TopicId topic_id(std::string_view name) override {
    if (const auto known = well_known_topic(name)) return *known;
    const auto next = static_cast<TopicId>(kCustomTopicFirst + topics.size());
    return topics.emplace(std::string(name), next).first->second;
  }
};

// One event as a sink read it; `payload` lies in `bytes`.
struct Got {
  wire::FrameHeader header;
  std::vector<wire::HopStamp> hops;
  std::string text;
};

inline std::string describe_event(const Frame& frame) {
  const auto press = [](auto code, bool down) {
    return fmt::format("{}{}", code, down ? "+" : "-");
  };
  switch (static_cast<wire::Topic>(frame.header.topic())) {
    case wire::Topic::key: {
      const auto& it = view_table<wire::Key>(frame.payload);
      return press(it.code(), it.down());
    }
    case wire::Topic::pointer_button: {
      const auto& it = view_table<wire::PointerButton>(frame.payload);
      return press(it.code(), it.down());
    }
    case wire::Topic::pointer_motion: {
      const auto& it = view_table<wire::PointerMotion>(frame.payload);
      return fmt::format("{}({},{})", it.absolute() ? "to" : "by", it.x(), it.y());
    }
    case wire::Topic::pointer_scroll:
      return fmt::format("scroll {}", view_table<wire::PointerScroll>(frame.payload).y());
    case wire::Topic::touch: {
      const auto& it = view_table<wire::Touch>(frame.payload);
      return fmt::format("touch {} {}", it.id(), wire::EnumNameTouchPhase(it.phase()));
    }
    case wire::Topic::display_frame:
      return fmt::format("frame {}", view_table<wire::DisplayFrame>(frame.payload).epoch());
    case wire::Topic::media_packet:
      return fmt::format("packet {}", view_table<wire::MediaPacket>(frame.payload).pts_ns());
    case wire::Topic::audio_frame:
      return fmt::format("audio {}", view_table<wire::AudioFrame>(frame.payload).frames());
    case wire::Topic::cursor:
      return fmt::format("cursor {}", view_table<wire::Cursor>(frame.payload).x());
    case wire::Topic::clipboard:
      return fmt::format("clip {}", frame.payload.size() > 1000 ? "large" : "small");
    case wire::Topic::input_state: {
      std::string text = "state";
      if (const auto* pressed = view_table<wire::InputState>(frame.payload).pressed()) {
        for (const auto code : *pressed) text += fmt::format(" {}", code);
      }
      return text;
    }
    default: return fmt::format("topic {}", frame.header.topic());
  }
}

struct PortOptions {
  bool live = false;
  bool injects = false;
};

inline RoutedPort make_port(std::uint16_t id, std::string name, wire::Direction direction,
                            TopicSet topics, PortOptions options = {}) {
  return {id, std::move(name), direction, std::move(topics), options.live, options.injects};
}

// A port that a link has open for a peer: `laptop/keys`.
inline RoutedPort of_peer(RoutedPort port) {
  port.peer = port.name.substr(0, port.name.find('/'));
  return port;
}

inline RoutedPort out_port(std::uint16_t id, std::string name, TopicSet topics = TopicSet::all(),
                           PortOptions options = {}) {
  return make_port(id, std::move(name), wire::Direction::source, std::move(topics), options);
}

inline RoutedPort in_port(std::uint16_t id, std::string name, TopicSet topics = TopicSet::all(),
                          PortOptions options = {}) {
  return make_port(id, std::move(name), wire::Direction::sink, std::move(topics), options);
}

inline PipelineSpec pipeline(std::string name, std::string from, std::string to) {
  PipelineSpec spec;
  spec.name = std::move(name);
  spec.from = {std::move(from)};
  spec.to = {std::move(to)};
  return spec;
}

inline PipelineSpec with_remap(PipelineSpec spec, const std::string& from, const std::string& to) {
  spec.via = {{"remap", {{from, to}}}};
  return spec;
}

inline PipelineSpec queued(PipelineSpec spec, std::optional<Policy> policy, std::size_t depth) {
  spec.queue.policy = policy;
  spec.queue.depth = depth;
  return spec;
}

class Rig {
 public:
  explicit Rig(std::uint64_t kernel = kKernel) : router(kernel, host, account) {}

  FakeHost host;
  FakeAccount account;
  Router router;
  std::uint64_t now = 10 * kSecond;

  void up(DeviceId id, const std::string& name, std::vector<RoutedPort> ports,
          bool relays = false) {
    router.device_up(id, name, ++incarnations_[id], relays, ports, now);
  }

  // A keyboard (1), and a desk (2) with a port each for keys and the pointer.
  void desk(PortOptions options = {}) {
    up(1, "keyboard", {out_port(0, "keys")});
    up(2, "desk", {in_port(0, "all", TopicSet::all(), options)});
  }

  void apply(std::vector<PipelineSpec> specs) {
    const Result<> result = router.apply(std::move(specs), now);
    INFO((result ? std::string() : result.error().message()));
    REQUIRE(result);
  }

  template <class Event>
  void send(PortRef source, const Event& event, std::uint16_t flags = 0, std::size_t buffers = 0,
            TopicId topic = id_of(topic_of<Event>)) {
    Frame frame{make_header(wire::FrameKind::event), {}, {}, writer_.write(event)};
    // Of the pool that has the source's number, never twice the same.
    std::vector<wire::BufferRef> refs;
    for (std::size_t i = 0; i < buffers; ++i)
      refs.emplace_back(source.device, ++slot_, 1, std::uint16_t{0}, std::uint16_t{0}, 0, 1);
    frame.buffers = std::as_bytes(std::span(refs));
    frame.header.mutate_topic(topic);
    frame.header.mutate_flags(flags);
    frame.header.mutate_capture_ns(now);
    seal(frame);
    router.publish(source, frame, now);
  }

  void press(std::uint16_t code, PortRef source = {1, 0}) { type(code, true, source); }
  void lift(std::uint16_t code, PortRef source = {1, 0}) { type(code, false, source); }
  void type(std::uint16_t code, bool down, PortRef source) {
    if (code >= 256 && code < 352) {
      send(source, button(code, down));
    } else {
      send(source, key(code, down));
    }
  }

  void frame(std::uint32_t number, bool delta, PortRef source = {1, 0}) {
    DisplayFrame event;
    event.epoch = number;
    send(source, event, delta ? kFlagDelta : std::uint16_t{0}, 1);
  }

  void packet(std::uint64_t number, bool delta, PortRef source = {1, 0}) {
    MediaPacket event;
    event.pts_ns = number;
    event.keyframe = !delta;
    send(source, event, delta ? kFlagDelta : std::uint16_t{0}, 1);
  }

  void audio(std::uint32_t number, PortRef source = {1, 0}) {
    AudioFrame event;
    event.frames = number;
    send(source, event, 0, 1);
  }

  void clip(std::size_t bytes, std::size_t buffers, PortRef source = {1, 0}) {
    Clipboard event;
    event.data.assign(bytes, 'x');
    send(source, event, 0, buffers);
  }

  // The sink gives all its buffers back.
  void release(PortRef sink = {2, 0}) {
    if (account.release(sink)) router.room_at(sink, now);
  }

  template <class Message>
  Result<> send_up(PortRef sink, const Message& message) {
    Frame frame{make_header(wire::FrameKind::upstream), {}, {}, writer_.write(message)};
    frame.header.mutate_topic(id_of(topic_of<Message>));
    seal(frame);
    return router.upstream(sink, frame, now);
  }

  std::vector<Got> take_frames(DeviceId sink, std::size_t budget_bytes = 1 << 20) {
    std::vector<std::byte> bytes(budget_bytes + kFrameBytesMax);
    bytes.resize(router.take(sink, bytes, budget_bytes, now));
    std::vector<Got> all;
    FrameDecoder decoder(bytes);
    Frame frame;
    while (decoder.next(frame)) {
      REQUIRE(verify_event(frame.header.topic(), frame.payload));
      Got got{frame.header, {}, describe_event(frame)};
      for (std::size_t i = 0; i < frame.header.hop_count(); ++i) got.hops.push_back(frame.hop(i));
      all.push_back(std::move(got));
    }
    REQUIRE(decoder.consumed() == bytes.size());
    return all;
  }

  // What the sink gets now, in short: "30+ 30-".
  std::string take(DeviceId sink = 2, std::size_t budget_bytes = 1 << 20) {
    std::string text;
    for (const Got& got : take_frames(sink, budget_bytes)) {
      if (!text.empty()) text += ' ';
      text += got.text;
    }
    return text;
  }

  // One frame only.
  std::string take_one(DeviceId sink = 2) { return take(sink, 1); }

  EdgeStats edge(const std::string& pipeline_name, std::size_t index = 0) const {
    for (const PipelineStats& each : router.stats()) {
      if (each.name == pipeline_name && index < each.edges.size()) return each.edges[index];
    }
    FAIL("no such edge");
    return {};
  }

 private:
  PayloadWriter writer_;
  std::map<DeviceId, std::uint32_t> incarnations_;
  std::uint32_t slot_ = 0;
};

// Every event that entered an edge is accounted for.
inline void require_sums(const EdgeStats& edge) {
  std::uint64_t sum = edge.counters.delivered + edge.counters.coalesced + edge.queued;
  for (const std::uint64_t dropped : edge.counters.dropped) sum += dropped;
  INFO(edge.source << " -> " << edge.sink);
  REQUIRE(edge.counters.in == sum);
}

}  // namespace dkvm::test
