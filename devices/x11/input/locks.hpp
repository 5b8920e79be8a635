#pragma once

#include "devices/x11/connection.hpp"
#include "devices/x11/input/keymap.hpp"

#include <dkvm/events.hpp>
#include <dkvm/result.hpp>

namespace dkvm::x11 {

// Caps Lock, Num Lock and Scroll Lock of the desktop, by XKB. A lock that the layout
// has no modifier for is never on.
class Locks {
 public:
  // Errors: Errc::not_found without XKB, Errc::disconnected.
  static Result<Locks> open(Connection& connection);

  LockState read() const;
  // Of these, what this keymap has, and so what read() can tell.
  LockState shown(LockState state) const;
  // Every keyboard's lamps follow.
  void set(const LockState& state) const;

  // True for an event after which read() may tell something else.
  bool takes(::XEvent& event);

 private:
  Locks(Connection& connection, KeymapWatch keymap) : connection_(&connection), keymap_(keymap) {}
  void look_up();

  Connection* connection_;
  KeymapWatch keymap_;
  unsigned caps_ = 0;
  unsigned num_ = 0;
  unsigned scroll_ = 0;
};

inline bool same(const LockState& a, const LockState& b) {
  return a.caps_lock == b.caps_lock && a.num_lock == b.num_lock && a.scroll_lock == b.scroll_lock;
}

}  // namespace dkvm::x11
