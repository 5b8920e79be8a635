#pragma once

#include "devices/x11/display/desktop.hpp"
#include "devices/x11/display/placement.hpp"

#include <dkvm/picture.hpp>
#include <dkvm/result.hpp>

#include <xcb/xcb.h>

#include <cstdint>
#include <optional>
#include <string>

namespace dkvm::x11 {

// A window for pictures: titled, in the middle of an area of the desktop, or all of it.
class Window {
 public:
  struct Options {
    std::string title;
    Rect area;        // of the root window, where it belongs
    Size size;        // of the window, unless it is fullscreen; at most the area's
    bool fullscreen;  // without frame and panels, as large as the area
  };

  enum class Happened : std::uint8_t { nothing, exposed, resized, closed };

  // It is on the screen when its server has got that far.
  // Life: the desktop outlives this
  Window(const Desktop& desktop, const Options& options);
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  xcb_window_t id() const { return id_; }
  xcb_gcontext_t gc() const { return gc_; }
  std::uint8_t depth() const { return desktop_.screen().root_depth; }
  const Size& size() const { return size_; }

  // What an event says of this window; exposed() says where.
  Happened take(const xcb_generic_event_t& event);
  const Rect& exposed() const { return exposed_; }

  // Asks for another size, or for another place on the desktop as well.
  void resize(const Size& size);
  void move_to(const Rect& area);
  // Black, where no picture is.
  void clear();

 private:
  xcb_atom_t atom(const char* name) const;
  void set_text(xcb_atom_t property, xcb_atom_t type, const std::string& text);
  void set_atoms(const char* property, const char* value);
  void set_place_hints(const Rect& place);

  const Desktop& desktop_;
  xcb_window_t id_;
  xcb_gcontext_t gc_;
  xcb_atom_t protocols_;
  xcb_atom_t delete_window_;
  Size size_;
  Rect exposed_{};
};

}  // namespace dkvm::x11
