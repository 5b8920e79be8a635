#include "devices/x11/input/keycode_rules.hpp"

#include <X11/XKBlib.h>

namespace dkvm::x11 {

std::string keycodes_name(Connection& connection) {
  ::XkbDescPtr keyboard = ::XkbAllocKeyboard();
  if (keyboard == nullptr) return {};
  keyboard->device_spec = XkbUseCoreKbd;
  std::string name;
  if (::XkbGetNames(connection.get(), XkbKeycodesNameMask, keyboard) == Success &&
      keyboard->names != nullptr && keyboard->names->keycodes != 0) {
    const XOwned<char> text(::XGetAtomName(connection.get(), keyboard->names->keycodes));
    if (text) name = text.get();
  }
  ::XkbFreeKeyboard(keyboard, XkbAllComponentsMask, True);
  return name;
}

}  // namespace dkvm::x11
