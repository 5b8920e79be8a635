#pragma once

#include <dkvm/result.hpp>

#include <X11/Xlib.h>

#include <memory>
#include <string>

namespace dkvm::xlab {

struct CloseDisplay {
  void operator()(Display* display) const { XCloseDisplay(display); }
};
using XConnection = std::unique_ptr<Display, CloseDisplay>;

// Life: one thread at a time.
// Errors: Errc::disconnected when no server answers there.
inline Result<XConnection> connect_x(const std::string& display) {
  XConnection connection(XOpenDisplay(display.c_str()));
  if (!connection) return fail(Errc::disconnected, "no X server answers at " + display);
  // A server that goes ends nobody here: what is said to it is lost.
  XSetIOErrorHandler([](Display*) { return 0; });
  XSetIOErrorExitHandler(
      connection.get(), [](Display*, void*) {}, nullptr);
  return connection;
}

inline constexpr unsigned kKeycodeOfEvdev = 8;  // an X keycode is the evdev code and this

// Where the pointer is, and which buttons and modifiers are down (X's mask).
struct PointerState {
  int x = 0;
  int y = 0;
  unsigned mask = 0;
};
inline PointerState pointer_state(Display* display) {
  PointerState state;
  Window root = 0;
  Window child = 0;
  int window_x = 0;
  int window_y = 0;
  XQueryPointer(display, XDefaultRootWindow(display), &root, &child, &state.x, &state.y, &window_x,
                &window_y, &state.mask);
  return state;
}

}  // namespace dkvm::xlab
