#pragma once

#include "tools/xlab/connection.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace dkvm::xlab {

// Sees the keys, the buttons and the pointer of a screen, wherever the focus is.
class InputEye {
 public:
  enum class What : std::uint8_t { key, button, motion };
  struct Seen {
    What what = What::motion;
    std::uint16_t code = 0;  // evdev's of a key, X's number of a button
    bool down = false;
    double x = 0;  // of the pointer
    double y = 0;
    std::uint64_t at_ns = 0;

    bool is_key() const { return what == What::key; }
  };

  // Errors: Errc::disconnected, Errc::unsupported without XI 2.
  static Result<InputEye> at(const std::string& display);

  // Nothing at the timeout.
  std::optional<Seen> next(std::chrono::milliseconds timeout);
  // Throws away what has come.
  void forget();
  // Where the pointer is.
  double pointer_x();

 private:
  InputEye(XConnection display, int opcode) : display_(std::move(display)), opcode_(opcode) {}

  std::optional<Seen> take();

  XConnection display_;
  int opcode_;
};

// Sees when a pixel of a screen has become light or dark: woken by damage, as viewers
// of the screen are; the time is that of the wake-up.
class PixelEye {
 public:
  // Errors: Errc::disconnected, Errc::unsupported without DAMAGE.
  static Result<PixelEye> at(const std::string& display, int x, int y);

  // Nothing at the timeout.
  std::optional<std::uint64_t> await(bool light, std::chrono::milliseconds timeout);

 private:
  PixelEye(XConnection display, int event, unsigned long damage, int x, int y)
      : display_(std::move(display)), event_(event), damage_(damage), x_(x), y_(y) {}

  bool is_light();

  XConnection display_;
  int event_;
  unsigned long damage_;
  int x_;
  int y_;
};

}  // namespace dkvm::xlab
