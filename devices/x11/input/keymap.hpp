#pragma once

#include "devices/x11/connection.hpp"

#include <dkvm/result.hpp>

#include <X11/XKBlib.h>

#include <memory>

namespace dkvm::x11 {

// The keys of a desktop that make modifiers, as they are at this moment: Xlib's own
// look-ups take a server that is just dying for one with a map, and fall.
class Keymap {
 public:
  // Empty, with no modifier at all, when the server does not tell.
  explicit Keymap(Connection& connection)
      : map_(::XkbGetMap(connection.get(), XkbAllClientInfoMask, XkbUseCoreKbd)) {}

  // The modifiers that a key makes, 0 for none.
  unsigned of_key(unsigned keycode) const;
  // Those that the keys with this symbol make.
  unsigned of_symbol(::KeySym symbol) const;

 private:
  struct Free {
    void operator()(::XkbDescPtr map) const { ::XkbFreeKeyboard(map, XkbAllComponentsMask, True); }
  };
  bool usable() const { return map_ && map_->map != nullptr && map_->map->modmap != nullptr; }

  std::unique_ptr<::XkbDescRec, Free> map_;
};

// Word of another keymap, or another keyboard.
class KeymapWatch {
 public:
  // Errors: Errc::not_found without XKB, Errc::disconnected.
  static Result<KeymapWatch> open(Connection& connection);

  bool takes(::XEvent& event) const;
  // The number of XKB's events, of which some may be for others.
  int event_first() const { return event_first_; }

 private:
  explicit KeymapWatch(int event_first) : event_first_(event_first) {}
  int event_first_;
};

}  // namespace dkvm::x11
