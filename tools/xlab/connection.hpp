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

}  // namespace dkvm::xlab
