#pragma once

#include "devices/x11/display/painted_cursor.hpp"
#include "devices/x11/display/placement.hpp"
#include "devices/x11/display/replies.hpp"
#include "devices/x11/display/shm_segment.hpp"
#include "devices/x11/display/window.hpp"

#include <dkvm/picture.hpp>
#include <dkvm/result.hpp>

#include <xcb/xcb.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dkvm::x11 {

// The picture in a window. What comes is composed in memory that the X server has
// mapped too, and what is new of it is put on the window; while the server is still
// at it, what comes meanwhile is united, and the newest goes next.
class View {
 public:
  // Life: all of them outlive this
  View(const Desktop& desktop, Window& window, Scale scale)
      : server_(desktop.server()), window_(window), scale_(scale) {}

  // False for a part of a picture of which nothing is there yet: all of it must be
  // asked for.
  // Errors: Errc::exhausted without memory, Errc::disconnected.
  Result<bool> take(const Picture& picture);
  // The window has another size.
  Result<> on_resized();
  // All or some of the window has to be painted again. False without a picture.
  bool on_exposed(const Rect& area);

  PaintedCursor& cursor() { return cursor_; }
  void cursor_changed();

  bool has_picture() const { return whole_; }
  const Placement& placement() const { return placement_; }

  // Takes what the server has answered; false when there was nothing.
  bool poll() { return done_.poll(server_).has_value(); }
  // Puts what is new on the window, unless the server has not taken the last of it.
  void show();

 private:
  Result<> begin(Size picture);
  Result<> place(const Placement& next);
  std::span<std::byte> pixels() { return scaled_from_.empty() ? shown_.bytes() : scaled_from_; }
  void put(xcb_shm_seg_t from, const Size& size, const Rect& part, std::uint32_t x,
           std::uint32_t y);
  void put_cursor();

  xcb_connection_t* server_;
  Window& window_;
  Scale scale_;
  Placement placement_;
  bool whole_ = false;                  // a whole picture has come
  ShmMemory shown_;                     // as it is shown, without the pointer
  std::vector<std::byte> scaled_from_;  // the picture itself, where that is another size
  ShmMemory patch_;                     // the pointer with what is below it
  PaintedCursor cursor_;
  Rect painted_{};                             // where the pointer is on the window
  Rect dirty_{};                               // of the shown picture
  Awaited<xcb_get_input_focus_reply_t> done_;  // it answers when all before it is done
};

}  // namespace dkvm::x11
