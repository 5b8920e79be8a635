#pragma once

#include "devices/x11/display/desktop.hpp"
#include "devices/x11/display/replies.hpp"

#include <dkvm/context.hpp>
#include <dkvm/events.hpp>
#include <dkvm/result.hpp>

#include <xcb/xcb.h>
#include <xcb/xfixes.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace dkvm::x11 {

// Shape and place of an X server's pointer, as they change. While it rests nothing
// happens here; while it moves it is asked for its place 125 times a second, however
// many events a mouse sends.
class CursorWatch {
 public:
  static constexpr std::chrono::milliseconds kInterval{8};
  static constexpr unsigned kStillMax = 12;  // intervals without motion, then it rests
  static constexpr std::size_t kImageBytesMax = 256 * 256 * 4;  // larger shapes are not shown

  // Life: both outlive this
  CursorWatch(xcb_connection_t* connection, xcb_window_t root, Context& context)
      : connection_(connection), root_(root), context_(context) {}

  // Errors: Errc::not_found without XFixes or XInput, Errc::disconnected.
  Result<> start(const Desktop& desktop);

  // Takes what is about the cursor; false for other events.
  bool handle(const xcb_generic_event_t& event);
  // Takes what the server has answered; false when there was nothing.
  bool poll();
  // Where is it? Programs may have moved it, which no event tells.
  void look();

  // In pixels of the root window. A shape's number changes with its image.
  const Cursor& cursor() const { return cursor_; }
  // Of cursor().shape: B G R A, alpha premultiplied, row by row without gaps.
  const std::vector<std::uint32_t>& image() const { return image_; }
  // Since the last call.
  bool take_moved() { return std::exchange(moved_, false); }
  bool take_new_shape() { return std::exchange(new_shape_, false); }

 private:
  void select_motion(bool wanted);
  void ask_image();
  void begin_moving();
  void tick();
  void take_place(const xcb_query_pointer_reply_t& reply);
  void take_image(xcb_xfixes_get_cursor_image_reply_t& reply);
  void place(std::int32_t x, std::int32_t y);

  xcb_connection_t* connection_;
  xcb_window_t root_;
  Context& context_;
  unsigned shape_event_ = 0;
  unsigned input_opcode_ = 0;
  Awaited<xcb_query_pointer_reply_t> place_;
  Awaited<xcb_xfixes_get_cursor_image_reply_t> shape_;
  bool shape_wanted_ = false;  // it has changed again meanwhile
  bool moving_ = false;
  unsigned still_ = 0;
  Cursor cursor_;
  std::vector<std::uint32_t> image_;
  bool moved_ = false;
  bool new_shape_ = false;
};

}  // namespace dkvm::x11
