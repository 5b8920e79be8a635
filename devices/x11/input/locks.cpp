#include "devices/x11/input/locks.hpp"

#include <X11/XKBlib.h>
#include <X11/keysym.h>

namespace dkvm::x11 {

Result<Locks> Locks::open(Connection& connection) {
  DKVM_TRY(const auto keymap, KeymapWatch::open(connection));
  Locks locks(connection, keymap);
  ::XkbSelectEventDetails(connection.get(), XkbUseCoreKbd, XkbStateNotify, XkbModifierLockMask,
                          XkbModifierLockMask);
  locks.look_up();
  DKVM_CHECK(connection.check());
  return locks;
}

void Locks::look_up() {
  const Keymap keymap(*connection_);
  caps_ = LockMask;
  num_ = keymap.of_symbol(XK_Num_Lock);
  scroll_ = keymap.of_symbol(XK_Scroll_Lock);
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

LockState Locks::shown(LockState state) const {
  state.num_lock = state.num_lock && num_ != 0;
  state.scroll_lock = state.scroll_lock && scroll_ != 0;
  return state;
}

void Locks::set(const LockState& state) const {
  const unsigned on = (state.caps_lock ? caps_ : 0) | (state.num_lock ? num_ : 0) |
                      (state.scroll_lock ? scroll_ : 0);
  ::XkbLockModifiers(connection_->get(), XkbUseCoreKbd, caps_ | num_ | scroll_, on);
}

bool Locks::takes(::XEvent& event) {
  if (keymap_.takes(event)) {
    look_up();
    return true;
  }
  return event.type == keymap_.event_first();
}

}  // namespace dkvm::x11
