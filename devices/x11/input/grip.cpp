#include "devices/x11/input/grip.hpp"

#include "devices/x11/input/codes.hpp"

#include <string>

namespace dkvm::x11 {
namespace {

constexpr int kWindowsDeepMax = 64;  // of windows within windows

::Cursor blank_cursor(Connection& connection) {
  const char bit = 0;
  const ::Pixmap pixel = ::XCreateBitmapFromData(connection.get(), connection.root(), &bit, 1, 1);
  ::XColor black{};
  const ::Cursor cursor =
      ::XCreatePixmapCursor(connection.get(), pixel, pixel, &black, &black, 0, 0);
  ::XFreePixmap(connection.get(), pixel);
  return cursor;
}

Pixel pointer_of(Connection& connection) {
  ::Window root = 0, child = 0;
  Pixel at, inside;
  unsigned buttons = 0;
  ::XQueryPointer(connection.get(), connection.root(), &root, &child, &at.x, &at.y, &inside.x,
                  &inside.y, &buttons);
  return at;
}

std::string why(int status) {
  switch (status) {
    case AlreadyGrabbed: return "another program has it (an open menu, a drag, a screen lock)";
    case GrabFrozen: return "another program has it frozen";
    case GrabNotViewable: return "the desktop has no place to hold it";
    default: return "the X server says " + std::to_string(status);
  }
}

}  // namespace

Result<Grip> Grip::open(Connection& connection) {
  ::XSetWindowAttributes attributes{};
  attributes.override_redirect = True;
  const ::Window window =
      ::XCreateWindow(connection.get(), connection.root(), 0, 0, 1, 1, 0, CopyFromParent, InputOnly,
                      nullptr, CWOverrideRedirect, &attributes);
  const ::Cursor blank = blank_cursor(connection);
  DKVM_CHECK(connection.check());
  return Grip(connection, window, blank);
}

int Grip::grab_pointer(::Window confine) {
  return ::XGrabPointer(connection_->get(), window_, False, 0, GrabModeAsync, GrabModeAsync,
                        confine, blank_, CurrentTime);
}

Result<> Grip::take(const std::function<void(unsigned long request)>& until) {
  ::Display* display = connection_->get();
  const Pixel at = pointer_of(*connection_);
  ::XMoveWindow(display, window_, at.x, at.y);
  ::XMapRaised(display, window_);
  const unsigned long request = connection_->next_request();
  const int keyboard =
      ::XGrabKeyboard(display, window_, False, GrabModeAsync, GrabModeAsync, CurrentTime);
  until(request);
  const int pointer = keyboard == GrabSuccess ? grab_pointer(window_) : GrabSuccess;
  DKVM_CHECK(connection_->check());
  held_ = true;
  if (keyboard == GrabSuccess && pointer == GrabSuccess) return {};
  give_back();
  return fail(Errc::denied, "X display '" + connection_->name() + "': grabbing the " +
                                (keyboard == GrabSuccess ? "pointer: " + why(pointer)
                                                         : "keyboard: " + why(keyboard)));
}

void Grip::give_back(std::optional<Pixel> to) {
  if (!held_) return;
  held_ = false;
  ::Display* display = connection_->get();
  if (to) {
    grab_pointer(0);  // no longer confined, and still nobody else's
    ::XWarpPointer(display, 0, connection_->root(), 0, 0, 0, 0, to->x, to->y);
  }
  ::XUngrabPointer(display, CurrentTime);
  ::XUngrabKeyboard(display, CurrentTime);
  ::XUnmapWindow(display, window_);
  ::XSync(display, False);  // who is told of it finds it done
}

void Grip::lift_at_home(std::span<const std::uint16_t> codes) {
  const ::Window window = codes.empty() ? 0 : window_with_focus();
  if (window == 0) return;
  ::XKeyEvent lifted{};
  lifted.type = KeyRelease;
  lifted.display = connection_->get();
  lifted.window = window;
  lifted.root = connection_->root();
  lifted.time = CurrentTime;
  lifted.same_screen = True;
  for (const std::uint16_t code : codes) {
    const auto keycode = button_of(code) ? std::nullopt : keycode_of(code);
    if (!keycode) continue;
    lifted.keycode = *keycode;
    ::XEvent event{};
    event.xkey = lifted;
    ::XSendEvent(connection_->get(), window, True, KeyReleaseMask, &event);
  }
}

// 0 for none.
::Window Grip::window_with_focus() const {
  ::Window focus = 0;
  int revert = 0;
  ::XGetInputFocus(connection_->get(), &focus, &revert);
  if (focus != PointerRoot) return focus;
  ::Window window = connection_->root();
  for (int deep = 0; deep < kWindowsDeepMax; ++deep) {
    ::Window root = 0, child = 0;
    int x = 0, y = 0, inside_x = 0, inside_y = 0;
    unsigned buttons = 0;
    ::XQueryPointer(connection_->get(), window, &root, &child, &x, &y, &inside_x, &inside_y,
                    &buttons);
    if (child == 0 || child == window_) break;
    window = child;
  }
  return window;
}

}  // namespace dkvm::x11
