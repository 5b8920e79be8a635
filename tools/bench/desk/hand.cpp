#include "tools/bench/desk/hand.hpp"

#include <dkvm/time.hpp>

#include <X11/extensions/XTest.h>

namespace dkvm::bench {
namespace {

constexpr unsigned kKeycodeOfEvdev = 8;  // an X keycode is the evdev code and this

}  // namespace

Result<Hand> Hand::at(const std::string& display) {
  DKVM_TRY(XConnection connection, connect_x(display));
  int event = 0;
  int error = 0;
  int major = 0;
  int minor = 0;
  if (XTestQueryExtension(connection.get(), &event, &error, &major, &minor) == 0)
    return fail(Errc::unsupported, "the X server at " + display + " has no XTEST");
  return Hand(std::move(connection));
}

std::uint64_t Hand::key(std::uint16_t code, bool down) {
  const std::uint64_t time = now_ns();
  XTestFakeKeyEvent(display_.get(), code + kKeycodeOfEvdev, down ? True : False, CurrentTime);
  XFlush(display_.get());
  return time;
}

std::uint64_t Hand::move(int x, int y) {
  const std::uint64_t time = now_ns();
  XTestFakeRelativeMotionEvent(display_.get(), x, y, CurrentTime);
  XFlush(display_.get());
  return time;
}

}  // namespace dkvm::bench
