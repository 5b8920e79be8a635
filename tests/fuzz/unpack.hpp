#pragma once

#include <dkvm/payload.hpp>

// Reads every part of a frame that a receiver could read.
namespace dkvm::test {

// True when the payload is a whole Native; then all of it was copied out, and
// what was copied can be packed again.
template <class Native>
bool unpacks(Bytes payload) {
  const auto value = read_payload<Native>(payload);
  if (!value) return false;
  PayloadWriter writer;
  return verify_table<typename Native::TableType>(writer.write(*value));
}

inline bool event_unpacks(TopicId topic, Bytes payload) {
  switch (static_cast<wire::Topic>(topic)) {
    case wire::Topic::key: return unpacks<Key>(payload);
    case wire::Topic::pointer_motion: return unpacks<PointerMotion>(payload);
    case wire::Topic::pointer_button: return unpacks<PointerButton>(payload);
    case wire::Topic::pointer_scroll: return unpacks<PointerScroll>(payload);
    case wire::Topic::touch: return unpacks<Touch>(payload);
    case wire::Topic::input_state: return unpacks<InputState>(payload);
    case wire::Topic::display_frame: return unpacks<DisplayFrame>(payload);
    case wire::Topic::display_mode: return unpacks<DisplayMode>(payload);
    case wire::Topic::cursor: return unpacks<Cursor>(payload);
    case wire::Topic::audio_frame: return unpacks<AudioFrame>(payload);
    case wire::Topic::media_packet: return unpacks<MediaPacket>(payload);
    case wire::Topic::clipboard: return unpacks<Clipboard>(payload);
    case wire::Topic::device_state: return unpacks<DeviceState>(payload);
    case wire::Topic::link_state: return unpacks<LinkState>(payload);
    case wire::Topic::edge_push: return unpacks<EdgePush>(payload);
    case wire::Topic::switch_state: return unpacks<SwitchState>(payload);
    case wire::Topic::refresh: return unpacks<Refresh>(payload);
    case wire::Topic::feedback: return unpacks<Feedback>(payload);
    case wire::Topic::lock_state: return unpacks<LockState>(payload);
    case wire::Topic::geometry: return unpacks<Geometry>(payload);
    case wire::Topic::grab: return unpacks<Grab>(payload);
    case wire::Topic::grabbed: return unpacks<Grabbed>(payload);
    case wire::Topic::none: return false;
    case wire::Topic::custom_first: break;
  }
  return topic < kCustomTopicFirst || unpacks<Custom>(payload);
}

inline bool payload_unpacks(const Frame& frame) {
  switch (frame.kind()) {
    case wire::FrameKind::hello: return unpacks<wire::HelloT>(frame.payload);
    case wire::FrameKind::welcome: return unpacks<wire::WelcomeT>(frame.payload);
    case wire::FrameKind::topics: return unpacks<wire::TopicsT>(frame.payload);
    case wire::FrameKind::request: return unpacks<wire::RequestT>(frame.payload);
    case wire::FrameKind::response: return unpacks<wire::ResponseT>(frame.payload);
    case wire::FrameKind::port_open: return unpacks<wire::PortOpenT>(frame.payload);
    case wire::FrameKind::pool_open: return unpacks<wire::PoolOpenT>(frame.payload);
    case wire::FrameKind::pool_mapped:
    case wire::FrameKind::pool_close:
    case wire::FrameKind::pool_closed: return unpacks<wire::PoolIdT>(frame.payload);
    case wire::FrameKind::stop: return unpacks<wire::StopT>(frame.payload);
    case wire::FrameKind::event:
    case wire::FrameKind::upstream: return event_unpacks(frame.header.topic(), frame.payload);
    default: return frame.payload.empty();
  }
}

// Touches every buffer and hop; the sum is there so that no read is left out.
inline std::uint64_t sum_of_parts(const Frame& frame) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < frame.header.buffer_count(); ++i) sum += frame.buffer(i).length();
  for (std::size_t i = 0; i < frame.header.hop_count(); ++i) sum += frame.hop(i).sent_ns();
  return sum;
}

}  // namespace dkvm::test
