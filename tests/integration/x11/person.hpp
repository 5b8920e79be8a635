#pragma once

#include <X11/Xlib.h>
#include <X11/extensions/XInput.h>

#include <cstdint>
#include <string>
#include <vector>

namespace dkvm::test {

// Somebody at a desktop, and a program on it: presses the server's own keyboard and
// mouse (not XTEST's), injects by XTEST, looks at what is down, has a window.
class Person {
 public:
  explicit Person(const std::string& display);
  ~Person();
  Person(const Person&) = delete;
  Person& operator=(const Person&) = delete;

  ::Display* display() const { return display_; }

  // By the real devices; evdev codes.
  void key(std::uint16_t code, bool down);
  void tap(std::uint16_t code) {
    key(code, true);
    key(code, false);
  }
  void click(unsigned button, bool down);
  void move(int x, int y);  // by so much
  // By XTEST.
  void inject_key(std::uint16_t code, bool down);
  void inject_click(unsigned button);
  void inject_move(int x, int y);
  void inject_place(int x, int y);

  // What is down on the desktop: evdev codes, then X buttons + 1000.
  std::vector<int> down();
  struct At {
    int x = 0;
    int y = 0;
    bool operator==(const At&) const = default;
  };
  At pointer();
  void place(int x, int y);  // warps

  // A window that covers everything and has the focus.
  ::Window open_window();
  // Keys and buttons that the window got, as `+30`, `-30`, `+b1`, `~30` for a release
  // that another program made up; all up to now.
  std::vector<std::string> heard();
  // Characters that its keys made, by the layout.
  std::string typed();

  bool grab_keyboard();
  void ungrab_keyboard();
  bool lamp(const char* name);

 private:
  void read();

  ::Display* display_;
  ::Window root_;
  ::XDevice* keyboard_ = nullptr;
  ::XDevice* mouse_ = nullptr;
  std::vector<std::string> heard_;
  std::string typed_;
};

}  // namespace dkvm::test
