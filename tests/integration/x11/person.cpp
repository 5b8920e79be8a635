#include <catch2/catch.hpp>  // before X11, whose macros it cannot stand

#include "tests/integration/x11/person.hpp"

#include <X11/XKBlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XInput.h>
#include <X11/extensions/XInput2.h>
#include <X11/extensions/XTest.h>

#include <array>
#include <string_view>
#include <utility>

namespace dkvm::test {

Person::Person(const std::string& display) : display_(::XOpenDisplay(display.c_str())) {
  REQUIRE(display_ != nullptr);
  root_ = DefaultRootWindow(display_);
  int count = 0;
  ::XIDeviceInfo* devices = ::XIQueryDevice(display_, XIAllDevices, &count);
  for (int i = 0; i < count; ++i) {
    const auto open = [&] {
      return ::XOpenDevice(display_, static_cast<::XID>(devices[i].deviceid));
    };
    if (std::string_view(devices[i].name) == "Xvfb keyboard") keyboard_ = open();
    if (std::string_view(devices[i].name) == "Xvfb mouse") mouse_ = open();
  }
  ::XIFreeDeviceInfo(devices);
  REQUIRE(keyboard_ != nullptr);
  REQUIRE(mouse_ != nullptr);
}

Person::~Person() { ::XCloseDisplay(display_); }

void Person::key(std::uint16_t code, bool down) {
  ::XTestFakeDeviceKeyEvent(display_, keyboard_, code + 8U, down, nullptr, 0, 0);
  ::XSync(display_, False);
}

void Person::click(unsigned button, bool down) {
  ::XTestFakeDeviceButtonEvent(display_, mouse_, button, down, nullptr, 0, 0);
  ::XSync(display_, False);
}

void Person::move(int x, int y) {
  std::array<int, 2> axes = {x, y};
  ::XTestFakeDeviceMotionEvent(display_, mouse_, True, 0, axes.data(), 2, 0);
  ::XSync(display_, False);
}

void Person::inject_key(std::uint16_t code, bool down) {
  ::XTestFakeKeyEvent(display_, code + 8U, down, 0);
  ::XSync(display_, False);
}

void Person::inject_click(unsigned button) {
  ::XTestFakeButtonEvent(display_, button, True, 0);
  ::XTestFakeButtonEvent(display_, button, False, 0);
  ::XSync(display_, False);
}

void Person::inject_move(int x, int y) {
  ::XTestFakeRelativeMotionEvent(display_, x, y, 0);
  ::XSync(display_, False);
}

void Person::inject_place(int x, int y) {
  ::XTestFakeMotionEvent(display_, -1, x, y, 0);
  ::XSync(display_, False);
}

std::vector<int> Person::down() {
  std::vector<int> codes;
  std::array<char, 32> keys{};
  ::XQueryKeymap(display_, keys.data());
  for (int keycode = 8; keycode < 256; ++keycode)
    if ((static_cast<unsigned char>(keys[static_cast<std::size_t>(keycode / 8)]) >> (keycode % 8) &
         1U) != 0)
      codes.push_back(keycode - 8);
  ::Window root, child;
  int x, y;
  unsigned mask = 0;
  ::XQueryPointer(display_, root_, &root, &child, &x, &y, &x, &y, &mask);
  for (int button = 1; button <= 5; ++button)
    if ((mask & (Button1Mask << (button - 1))) != 0) codes.push_back(1000 + button);
  return codes;
}

Person::At Person::pointer() {
  ::Window root, child;
  At at;
  int x, y;
  unsigned mask;
  ::XQueryPointer(display_, root_, &root, &child, &at.x, &at.y, &x, &y, &mask);
  return at;
}

void Person::place(int x, int y) {
  ::XWarpPointer(display_, 0, root_, 0, 0, 0, 0, x, y);
  ::XSync(display_, False);
}

::Window Person::open_window() {
  const ::Window window = ::XCreateSimpleWindow(display_, root_, 0, 0, 16'000, 16'000, 0, 0, 0);
  ::XSetWindowAttributes attributes{};
  attributes.override_redirect = True;
  ::XChangeWindowAttributes(display_, window, CWOverrideRedirect, &attributes);
  ::XSelectInput(display_, window,
                 KeyPressMask | KeyReleaseMask | ButtonPressMask | ButtonReleaseMask);
  ::XMapRaised(display_, window);
  ::XSetInputFocus(display_, window, RevertToPointerRoot, CurrentTime);
  ::XSync(display_, False);
  return window;
}

void Person::read() {
  ::XSync(display_, False);
  while (::XPending(display_) > 0) {
    ::XEvent event;
    ::XNextEvent(display_, &event);
    if (event.type == MappingNotify) ::XRefreshKeyboardMapping(&event.xmapping);
    if (event.type == KeyPress || event.type == KeyRelease) {
      const bool down = event.type == KeyPress;
      const char sign = down ? '+' : event.xkey.send_event ? '~' : '-';
      heard_.push_back(std::string(1, sign).append(std::to_string(event.xkey.keycode - 8)));
      char text[16];
      ::KeySym symbol = 0;
      const int bytes = ::XLookupString(&event.xkey, text, sizeof(text), &symbol, nullptr);
      if (down) {
        const char* name = symbol > 0xff || bytes == 0 ? ::XKeysymToString(symbol) : nullptr;
        if (name != nullptr)
          typed_.append(1, '<').append(name).append(1, '>');
        else
          typed_.append(text, static_cast<std::size_t>(bytes));
      }
    }
    if (event.type == ButtonPress || event.type == ButtonRelease)
      heard_.push_back((event.type == ButtonPress ? "+b" : "-b") +
                       std::to_string(event.xbutton.button));
  }
}

std::vector<std::string> Person::heard() {
  read();
  return std::exchange(heard_, {});
}

std::string Person::typed() {
  read();
  return std::exchange(typed_, {});
}

bool Person::grab_keyboard() {
  return ::XGrabKeyboard(display_, root_, False, GrabModeAsync, GrabModeAsync, CurrentTime) ==
         GrabSuccess;
}

void Person::ungrab_keyboard() {
  ::XUngrabKeyboard(display_, CurrentTime);
  ::XSync(display_, False);
}

bool Person::lamp(const char* name) {
  int index = 0, on = 0;
  ::XkbGetNamedIndicator(display_, ::XInternAtom(display_, name, False), &index, &on, nullptr,
                         nullptr);
  return on != 0;
}

}  // namespace dkvm::test
