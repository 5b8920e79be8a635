#include "devices/x11/input/slaves.hpp"

#include "devices/x11/input/codes.hpp"

#include <X11/Xatom.h>
#include <X11/extensions/XInput.h>
#include <X11/extensions/XInput2.h>

#include <algorithm>

namespace dkvm::x11 {
namespace {

bool bit(const char* bits, int at) {
  return ((static_cast<unsigned char>(bits[at / 8]) >> (at % 8)) & 1U) != 0;
}

void add_axis(Slave& slave, const ::XIValuatorClassInfo& axis) {
  if (axis.number > 1) return;
  Slave::Axis& of = axis.number == 0 ? slave.x : slave.y;
  of = {axis.mode == XIModeAbsolute, axis.min, axis.max};
}

void add_wheel(Slave& slave, const ::XIScrollClassInfo& wheel) {
  if (wheel.increment == 0) return;
  auto& of = wheel.scroll_type == XIScrollTypeVertical ? slave.vertical : slave.horizontal;
  of = {.axis = wheel.number, .increment = wheel.increment};
}

Slave described(const ::XIDeviceInfo& info) {
  Slave slave;
  slave.id = info.deviceid;
  slave.keyboard = info.use == XISlaveKeyboard;
  for (int i = 0; i < info.num_classes; ++i) {
    const ::XIAnyClassInfo* each = info.classes[i];
    if (each->type == XIValuatorClass)
      add_axis(slave, *reinterpret_cast<const ::XIValuatorClassInfo*>(each));
    if (each->type == XIScrollClass)
      add_wheel(slave, *reinterpret_cast<const ::XIScrollClassInfo*>(each));
    if (each->type == XIButtonClass)
      slave.buttons =
          static_cast<unsigned>(reinterpret_cast<const ::XIButtonClassInfo*>(each)->num_buttons);
  }
  return slave;
}

}  // namespace

Result<Slaves> Slaves::open(Connection& connection, int minor) {
  DKVM_TRY(const auto extension, connection.extension("XInputExtension"));
  int major = 2, offered = minor;
  const int status = ::XIQueryVersion(connection.get(), &major, &offered);
  DKVM_CHECK(connection.check());
  if (status != Success || major < 2 || (major == 2 && offered < minor))
    return fail(Errc::not_found, "X display '" + connection.name() + "': the X server has XInput " +
                                     std::to_string(major) + "." + std::to_string(offered) +
                                     ", expected 2." + std::to_string(minor) + " or later");
  Slaves slaves(connection, extension.opcode);
  slaves.refresh();
  DKVM_CHECK(connection.check());
  return slaves;
}

void Slaves::refresh() {
  all_.clear();
  int count = 0;
  ::XIDeviceInfo* found = ::XIQueryDevice(connection_->get(), XIAllDevices, &count);
  for (int i = 0; found != nullptr && i < count; ++i) {
    if (found[i].use != XISlaveKeyboard && found[i].use != XISlavePointer) continue;
    Slave slave = described(found[i]);
    slave.xtest = of_xtest(slave.id);
    all_.push_back(slave);
  }
  if (found != nullptr) ::XIFreeDeviceInfo(found);
}

bool Slaves::of_xtest(int id) const {
  ::Display* display = connection_->get();
  const ::Atom property = ::XInternAtom(display, "XTEST Device", True);
  if (property == 0) return false;
  ::Atom type = 0;
  int format = 0;
  unsigned long items = 0, left = 0;
  unsigned char* data = nullptr;
  if (::XIGetProperty(display, id, property, 0, 1, False, XA_INTEGER, &type, &format, &items, &left,
                      &data) != Success)
    return false;
  const XOwned<unsigned char> owned(data);
  return items == 1 && format == 8 && data[0] != 0;
}

const Slave* Slaves::find(int id) const {
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const Slave& each) { return each.id == id; });
  return found == all_.end() ? nullptr : &*found;
}

Slaves::Down Slaves::down(const Slave& slave) const {
  Down down;
  auto& codes = down.codes;
  ::Display* display = connection_->get();
  ::XDevice* device = nullptr;
  ::XDeviceState* state = nullptr;
  // One that has just been unplugged is refused, which is no news.
  [[maybe_unused]] const auto asked = connection_->checked("asking an input device", [&] {
    device = ::XOpenDevice(display, static_cast<::XID>(slave.id));
    down.request = connection_->next_request();
    if (device != nullptr) state = ::XQueryDeviceState(display, device);
    if (device != nullptr) ::XCloseDevice(display, device);
  });
  if (state == nullptr) return down;
  const ::XInputClass* each = state->data;
  for (int i = 0; i < state->num_classes; ++i) {
    if (each->c_class == KeyClass) {
      const auto& keys = *reinterpret_cast<const ::XKeyState*>(each);
      for (int keycode = kKeycodeOffset; keycode < 256; ++keycode)
        if (bit(keys.keys, keycode)) codes.push_back(*code_of_keycode(keycode));
    }
    if (each->c_class == ButtonClass) {
      const auto& buttons = *reinterpret_cast<const ::XButtonState*>(each);
      for (int button = 1; button < 256; ++button)
        if (const auto code = code_of_button(button); code && bit(buttons.buttons, button))
          codes.push_back(*code);
    }
    each =
        reinterpret_cast<const ::XInputClass*>(reinterpret_cast<const char*>(each) + each->length);
  }
  ::XFreeDeviceState(state);
  std::sort(codes.begin(), codes.end());
  return down;
}

}  // namespace dkvm::x11
