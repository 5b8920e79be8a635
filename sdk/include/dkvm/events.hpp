#pragma once

#include <dkvm/wire/events_generated.h>
#include <dkvm/wire/upstream_generated.h>

#include <cstdint>

// Events and upstream messages as plain values.
// Source: sdk/schema/events.fbs and upstream.fbs say what each field means.
namespace dkvm {

using Key = wire::KeyT;
using PointerMotion = wire::PointerMotionT;
using PointerButton = wire::PointerButtonT;
using PointerScroll = wire::PointerScrollT;
using Touch = wire::TouchT;
using InputState = wire::InputStateT;
using DisplayFrame = wire::DisplayFrameT;
using DisplayMode = wire::DisplayModeT;
using Cursor = wire::CursorT;
using AudioFrame = wire::AudioFrameT;
using MediaPacket = wire::MediaPacketT;
using Clipboard = wire::ClipboardT;
using DeviceState = wire::DeviceStateT;
using Custom = wire::CustomT;

using LinkState = wire::LinkStateT;
using EdgePush = wire::EdgePushT;
using SwitchState = wire::SwitchStateT;
using Refresh = wire::RefreshT;
using Feedback = wire::FeedbackT;
using LockState = wire::LockStateT;
using Geometry = wire::GeometryT;
using Grab = wire::GrabT;
using Grabbed = wire::GrabbedT;

inline Key key(std::uint16_t code, bool down) {
  Key event;
  event.code = code;
  event.down = down;
  return event;
}

inline PointerButton button(std::uint16_t code, bool down) {
  PointerButton event;
  event.code = code;
  event.down = down;
  return event;
}

inline PointerMotion motion_by(double x, double y) {
  PointerMotion event;
  event.x = x;
  event.y = y;
  return event;
}

inline PointerMotion motion_to(double x, double y, std::uint32_t width, std::uint32_t height) {
  PointerMotion event = motion_by(x, y);
  event.absolute = true;
  event.width = width;
  event.height = height;
  return event;
}

// In 1/120 of a notch.
inline PointerScroll scroll(std::int32_t x, std::int32_t y) {
  PointerScroll event;
  event.x = x;
  event.y = y;
  return event;
}

}  // namespace dkvm
