#include "devices/x11/input/locks.hpp"

#include <X11/XKBlib.h>
#include <X11/keysym.h>

namespace dkvm::x11 {

Result<Locks> Locks::open(Connection& connection) {
  ::Display* display = connection.get();
  DKVM_CHECK(connection.extension("XKEYBOARD"));
  Locks locks(connection);
  int opcode = 0, error_first = 0, major = XkbMajorVersion, minor = XkbMinorVersion;
  if (::XkbQueryExtension(display, &opcode, &locks.event_first_, &error_first, &major, &minor) == 0)
    return fail(Errc::not_found, "X display '" + connection.name() +
                                     "': the X server has another XKEYBOARD, expected 1.0");
  ::XkbSelectEventDetails(display, XkbUseCoreKbd, XkbStateNotify, XkbModifierLockMask,
                          XkbModifierLockMask);
  constexpr unsigned kMaps = XkbNewKeyboardNotifyMask | XkbMapNotifyMask;
  ::XkbSelectEvents(display, XkbUseCoreKbd, kMaps, kMaps);
  locks.look_up();
  DKVM_CHECK(connection.check());
  return locks;
}

void Locks::look_up() {
  caps_ = LockMask;
  num_ = ::XkbKeysymToModifiers(connection_->get(), XK_Num_Lock);
  scroll_ = ::XkbKeysymToModifiers(connection_->get(), XK_Scroll_Lock);
}

LockState Locks::read() const {
  ::XkbStateRec state{};
  ::XkbGetState(connection_->get(), XkbUseCoreKbd, &state);
  LockState locks;
  locks.caps_lock = (state.locked_mods & caps_) != 0;
  locks.num_lock = (state.locked_mods & num_) != 0;
  locks.scroll_lock = (state.locked_mods & scroll_) != 0;
  return locks;
}

void Locks::set(const LockState& state) const {
  const unsigned on = (state.caps_lock ? caps_ : 0) | (state.num_lock ? num_ : 0) |
                      (state.scroll_lock ? scroll_ : 0);
  ::XkbLockModifiers(connection_->get(), XkbUseCoreKbd, masks(), on);
}

bool Locks::takes(::XEvent& event) {
  if (event.type == MappingNotify) {
    ::XRefreshKeyboardMapping(&event.xmapping);
    look_up();
    return true;
  }
  if (event.type != event_first_) return false;
  auto& xkb = reinterpret_cast<::XkbEvent&>(event);
  if (xkb.any.xkb_type == XkbMapNotify) ::XkbRefreshKeyboardMapping(&xkb.map);
  if (xkb.any.xkb_type != XkbStateNotify) look_up();
  return true;
}

}  // namespace dkvm::x11
