#pragma once

#include <dkvm/wire/frame_generated.h>
#include <dkvm/events.hpp>
#include <dkvm/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

// Which table a topic carries, and what it is called.
namespace dkvm {

using TopicId = std::uint16_t;

inline constexpr TopicId kCustomTopicFirst = static_cast<TopicId>(wire::Topic::custom_first);

// The topic of a type: topic_of<Key> == wire::Topic::key. Types without one
// (Custom: interned by name) have Topic::none.
template <class Event>
inline constexpr wire::Topic topic_of = wire::Topic::none;
// clang-format off
template <> inline constexpr wire::Topic topic_of<Key> = wire::Topic::key;
template <> inline constexpr wire::Topic topic_of<PointerMotion> = wire::Topic::pointer_motion;
template <> inline constexpr wire::Topic topic_of<PointerButton> = wire::Topic::pointer_button;
template <> inline constexpr wire::Topic topic_of<PointerScroll> = wire::Topic::pointer_scroll;
template <> inline constexpr wire::Topic topic_of<Touch> = wire::Topic::touch;
template <> inline constexpr wire::Topic topic_of<InputState> = wire::Topic::input_state;
template <> inline constexpr wire::Topic topic_of<DisplayFrame> = wire::Topic::display_frame;
template <> inline constexpr wire::Topic topic_of<DisplayMode> = wire::Topic::display_mode;
template <> inline constexpr wire::Topic topic_of<Cursor> = wire::Topic::cursor;
template <> inline constexpr wire::Topic topic_of<AudioFrame> = wire::Topic::audio_frame;
template <> inline constexpr wire::Topic topic_of<MediaPacket> = wire::Topic::media_packet;
template <> inline constexpr wire::Topic topic_of<Clipboard> = wire::Topic::clipboard;
template <> inline constexpr wire::Topic topic_of<DeviceState> = wire::Topic::device_state;
template <> inline constexpr wire::Topic topic_of<LinkState> = wire::Topic::link_state;
template <> inline constexpr wire::Topic topic_of<EdgePush> = wire::Topic::edge_push;
template <> inline constexpr wire::Topic topic_of<SwitchState> = wire::Topic::switch_state;
template <> inline constexpr wire::Topic topic_of<Refresh> = wire::Topic::refresh;
template <> inline constexpr wire::Topic topic_of<Feedback> = wire::Topic::feedback;
template <> inline constexpr wire::Topic topic_of<LockState> = wire::Topic::lock_state;
template <> inline constexpr wire::Topic topic_of<Geometry> = wire::Topic::geometry;
template <> inline constexpr wire::Topic topic_of<Grab> = wire::Topic::grab;
template <> inline constexpr wire::Topic topic_of<Grabbed> = wire::Topic::grabbed;
// clang-format on

constexpr TopicId id_of(wire::Topic topic) { return static_cast<TopicId>(topic); }

// The well-known topics by name, from the schema itself.
inline std::optional<TopicId> well_known_topic(std::string_view text) {
  for (const wire::Topic topic : wire::EnumValuesTopic()) {
    if (topic == wire::Topic::none || topic == wire::Topic::custom_first) continue;
    if (text == wire::EnumNameTopic(topic)) return id_of(topic);
  }
  return std::nullopt;
}

// Empty for ids that are not well known.
inline std::string_view well_known_name(TopicId id) {
  if (id == 0 || id >= kCustomTopicFirst) return {};
  return wire::EnumNameTopic(static_cast<wire::Topic>(id));
}

// True for topics whose events may bring buffers; for those of one's own the
// port says so.
inline bool brings_buffers(std::string_view topic) {
  return topic == "display_frame" || topic == "cursor" || topic == "audio_frame" ||
         topic == "media_packet" || topic == "clipboard" || topic == "*";
}

}  // namespace dkvm
