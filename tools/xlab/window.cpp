#include "tools/xlab/window.hpp"

#include <dkvm/time.hpp>

#include <X11/Xutil.h>

#include <poll.h>

#include <array>

namespace dkvm::xlab {
Result<KeyWindow> KeyWindow::on(const std::string& display) {
  DKVM_TRY(XConnection connection, connect_x(display));
  Display* x = connection.get();
  const int screen = XDefaultScreen(x);
  XSetWindowAttributes attributes{};
  attributes.override_redirect = True;
  attributes.event_mask = KeyPressMask | KeyReleaseMask | ExposureMask;
  const Window window =
      XCreateWindow(x, XDefaultRootWindow(x), 0, 0, static_cast<unsigned>(XDisplayWidth(x, screen)),
                    static_cast<unsigned>(XDisplayHeight(x, screen)), 0, CopyFromParent,
                    InputOutput, nullptr, CWOverrideRedirect | CWEventMask, &attributes);
  XMapRaised(x, window);
  XEvent event;
  XWindowEvent(x, window, ExposureMask, &event);
  XSetInputFocus(x, window, RevertToPointerRoot, CurrentTime);
  XSync(x, False);
  return KeyWindow(std::move(connection));
}

std::optional<KeyWindow::Came> KeyWindow::next(std::chrono::milliseconds timeout) {
  const std::uint64_t end =
      now_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds(timeout).count());
  for (;;) {
    while (XPending(display_.get()) > 0) {
      XEvent event;
      XNextEvent(display_.get(), &event);
      if (event.type != KeyPress && event.type != KeyRelease) continue;
      std::array<char, 8> text{};
      const int length = XLookupString(&event.xkey, text.data(), text.size(), nullptr, nullptr);
      return Came{static_cast<std::uint16_t>(event.xkey.keycode - kKeycodeOfEvdev),
                  event.type == KeyPress,
                  std::string(text.data(), static_cast<std::size_t>(length))};
    }
    const std::uint64_t now = now_ns();
    if (now >= end) return std::nullopt;
    pollfd waiting{XConnectionNumber(display_.get()), POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>((end - now) / 1'000'000) + 1);
  }
}

}  // namespace dkvm::xlab
