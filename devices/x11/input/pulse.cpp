#include "devices/x11/input/pulse.hpp"

#include <dkvm/time.hpp>

#include <X11/Xatom.h>

namespace dkvm::x11 {

Result<Pulse> Pulse::open(Connection& connection) {
  ::XSetWindowAttributes attributes{};
  attributes.event_mask = PropertyChangeMask;
  const ::Window window =
      ::XCreateWindow(connection.get(), connection.root(), 0, 0, 1, 1, 0, CopyFromParent, InputOnly,
                      nullptr, CWEventMask, &attributes);
  DKVM_CHECK(connection.check());
  return Pulse(connection, window);
}

void Pulse::sent(Context& context, const std::function<void()>& stands_still) {
  sent_ = true;
  if (looks_) return;
  context_ = &context;
  stands_still_ = stands_still;
  ask();
}

// A change of our own window's property, of which the server tells us.
void Pulse::ask() {
  sent_ = false;
  asked_ = true;
  silent_looks_ = 0;
  ::XChangeProperty(connection_->get(), window_, XA_WM_NAME, XA_STRING, 8, PropModeReplace, nullptr,
                    0);
  ::XFlush(connection_->get());
  looks_ = true;
  context_->after(kLookPeriod, [this] { look(); });
}

void Pulse::look() {
  looks_ = false;
  if (!connection_->check()) return;
  connection_->hand_on_what_came();  // it may be this process that stood still
  if (!asked_) {
    if (sent_) ask();
    return;
  }
  // Looks are counted and not time: both may have stood still.
  if (++silent_looks_ >= kSilentLooksMax) return stands_still_();
  looks_ = true;
  context_->after(kLookPeriod, [this] { look(); });
}

bool Pulse::takes(const ::XEvent& event) {
  if (event.type != PropertyNotify || event.xproperty.window != window_) return false;
  asked_ = false;
  return true;
}

}  // namespace dkvm::x11
