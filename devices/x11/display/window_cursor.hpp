#pragma once

#include "devices/x11/display/desktop.hpp"

#include <dkvm/events.hpp>
#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>

#include <xcb/render.h>
#include <xcb/xcb.h>

#include <cstdint>
#include <optional>

namespace dkvm::x11 {

// The window's own pointer in the shape of the far screen's.
class WindowCursor {
 public:
  static constexpr std::uint32_t kSideMax =
      256;  // pixels; for larger shapes the desktop's own is shown

  // Life: the connection and the window outlive this
  WindowCursor(xcb_connection_t* connection, xcb_window_t window)
      : connection_(connection), window_(window) {}

  // Errors: Errc::not_found without the extension RENDER, Errc::disconnected.
  Result<> start(const Desktop& desktop);

  // False when the event's shape is another than the one that is known, and the
  // event brings none: it must be asked for.
  // Shape: image of B G R A, alpha premultiplied, or empty
  bool take(const Cursor& cursor, Bytes image);

 private:
  // Shape: width x height pixels, at least one
  xcb_cursor_t make(const Cursor& cursor, Bytes image);
  xcb_cursor_t nothing();  // to be seen
  void show(xcb_cursor_t cursor);

  xcb_connection_t* connection_;
  xcb_window_t window_;
  xcb_render_pictformat_t argb_ = 0;
  std::optional<std::uint64_t> shape_;
  xcb_cursor_t of_shape_ = XCB_CURSOR_NONE;
  xcb_cursor_t nothing_ = XCB_CURSOR_NONE;
  xcb_cursor_t shown_ = XCB_CURSOR_NONE;
};

}  // namespace dkvm::x11
