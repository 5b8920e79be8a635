#include "devices/x11/display/cursor_watch.hpp"

#include <xcb/xinput.h>

#include <utility>

namespace dkvm::x11 {

Result<> CursorWatch::start(const Desktop& desktop) {
  DKVM_TRY(const auto fixes, desktop.extension("XFIXES"));
  DKVM_TRY(const auto input, desktop.extension("XInputExtension"));
  const ReplyOf<xcb_xfixes_query_version_reply_t> version(xcb_xfixes_query_version_reply(
      connection_, xcb_xfixes_query_version(connection_, 4, 0), nullptr));
  const ReplyOf<xcb_input_xi_query_version_reply_t> xi(xcb_input_xi_query_version_reply(
      connection_, xcb_input_xi_query_version(connection_, 2, 2), nullptr));
  DKVM_CHECK(desktop.check());
  shape_event_ = static_cast<unsigned>(fixes.event_first + XCB_XFIXES_CURSOR_NOTIFY);
  input_opcode_ = static_cast<unsigned>(input.opcode);
  xcb_xfixes_select_cursor_input(connection_, root_, XCB_XFIXES_CURSOR_NOTIFY_MASK_DISPLAY_CURSOR);
  select_motion(true);
  ask_image();
  return {};
}

void CursorWatch::select_motion(bool wanted) {
  struct {
    xcb_input_event_mask_t head;
    std::uint32_t mask;
  } chosen{{XCB_INPUT_DEVICE_ALL_MASTER, 1}, 0};
  if (wanted) chosen.mask = XCB_INPUT_XI_EVENT_MASK_RAW_MOTION;
  xcb_input_xi_select_events(connection_, root_, 1, &chosen.head);
}

bool CursorWatch::handle(const xcb_generic_event_t& event) {
  const unsigned type = event.response_type & 0x7Fu;
  if (type == shape_event_) {
    ask_image();
    return true;
  }
  if (type != XCB_GE_GENERIC) return false;
  const auto& generic = reinterpret_cast<const xcb_ge_generic_event_t&>(event);
  if (generic.extension != input_opcode_ || generic.event_type != XCB_INPUT_RAW_MOTION)
    return false;
  begin_moving();
  return true;
}

void CursorWatch::look() {
  if (!place_.waiting()) place_.ask(xcb_query_pointer(connection_, root_));
}

void CursorWatch::ask_image() {
  shape_wanted_ = shape_.waiting();
  if (!shape_.waiting()) shape_.ask(xcb_xfixes_get_cursor_image(connection_));
}

// From here on time tells when to look, not the mouse.
void CursorWatch::begin_moving() {
  if (std::exchange(moving_, true)) return;
  still_ = 0;
  select_motion(false);
  look();
  context_.after(kInterval, [this] { tick(); });
}

void CursorWatch::tick() {
  if (++still_ <= kStillMax) {
    look();
    context_.after(kInterval, [this] { tick(); });
    return;
  }
  moving_ = false;
  select_motion(true);
  look();  // it may have moved before that
}

bool CursorWatch::poll() {
  bool any = false;
  if (const auto reply = place_.poll(connection_)) {
    any = true;
    if (*reply) take_place(**reply);
  }
  if (const auto reply = shape_.poll(connection_)) {
    any = true;
    if (*reply) take_image(**reply);
    if (std::exchange(shape_wanted_, false)) ask_image();
  }
  return any;
}

void CursorWatch::take_place(const xcb_query_pointer_reply_t& reply) {
  place(reply.root_x, reply.root_y);
}

void CursorWatch::take_image(xcb_xfixes_get_cursor_image_reply_t& reply) {
  place(reply.x, reply.y);
  const auto pixels =
      static_cast<std::size_t>(xcb_xfixes_get_cursor_image_cursor_image_length(&reply));
  if (pixels * sizeof(std::uint32_t) > kImageBytesMax) return;
  const std::uint32_t* const image = xcb_xfixes_get_cursor_image_cursor_image(&reply);
  image_.assign(image, image + pixels);
  cursor_.shape = reply.cursor_serial;
  cursor_.width = reply.width;
  cursor_.height = reply.height;
  cursor_.hot_x = reply.xhot;
  cursor_.hot_y = reply.yhot;
  new_shape_ = true;
}

void CursorWatch::place(std::int32_t x, std::int32_t y) {
  if (x == cursor_.x && y == cursor_.y) return;
  cursor_.x = x;
  cursor_.y = y;
  moved_ = true;
  still_ = 0;
}

}  // namespace dkvm::x11
