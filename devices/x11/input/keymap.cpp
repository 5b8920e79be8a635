#include "devices/x11/input/keymap.hpp"

namespace dkvm::x11 {

unsigned Keymap::of_key(unsigned keycode) const {
  if (!usable() || keycode < map_->min_key_code || keycode > map_->max_key_code) return 0;
  return map_->map->modmap[keycode];
}

unsigned Keymap::of_symbol(::KeySym symbol) const {
  if (!usable() || map_->map->key_sym_map == nullptr || map_->map->syms == nullptr) return 0;
  unsigned modifiers = 0;
  for (unsigned keycode = map_->min_key_code; keycode <= map_->max_key_code; ++keycode) {
    const ::XkbSymMapRec& key = map_->map->key_sym_map[keycode];
    const unsigned count = unsigned{key.width} * (key.group_info & 0x0fU);
    for (unsigned i = 0; i < count; ++i)
      if (map_->map->syms[key.offset + i] == symbol) modifiers |= of_key(keycode);
  }
  return modifiers;
}

Result<KeymapWatch> KeymapWatch::open(Connection& connection) {
  DKVM_CHECK(connection.extension("XKEYBOARD"));
  int opcode = 0, event_first = 0, error_first = 0;
  int major = XkbMajorVersion, minor = XkbMinorVersion;
  if (::XkbQueryExtension(connection.get(), &opcode, &event_first, &error_first, &major, &minor) ==
      0)
    return fail(Errc::not_found, "X display '" + connection.name() +
                                     "': the X server has another XKEYBOARD, expected 1.0");
  constexpr unsigned kMaps = XkbNewKeyboardNotifyMask | XkbMapNotifyMask;
  ::XkbSelectEvents(connection.get(), XkbUseCoreKbd, kMaps, kMaps);
  DKVM_CHECK(connection.check());
  return KeymapWatch(event_first);
}

bool KeymapWatch::takes(::XEvent& event) const {
  if (event.type == MappingNotify) return true;
  if (event.type != event_first_) return false;
  const int type = reinterpret_cast<const ::XkbEvent&>(event).any.xkb_type;
  return type == XkbMapNotify || type == XkbNewKeyboardNotify;
}

}  // namespace dkvm::x11
