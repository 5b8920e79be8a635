#pragma once

#include "tools/xlab/connection.hpp"

#include <cstdint>
#include <vector>

namespace dkvm::xlab {

// A hand on the keyboard and the mouse of a screen, by XTEST: keys stay down when it goes.
class Hand {
 public:
  // Errors: Errc::disconnected, Errc::unsupported without XTEST.
  static Result<Hand> at(const std::string& display);

  // Each is on its way when it returns; the time is from right before.
  // Shape: code is evdev's
  std::uint64_t key(std::uint16_t code, bool down);
  std::uint64_t move(int x, int y);
  // button: X's number, 1 is the left one.
  std::uint64_t button(unsigned button, bool down);
  // To a point of the screen.
  std::uint64_t move_to(int x, int y);

  // What the server believes to be down, whoever pressed it: evdev codes of keys, and
  // BTN_LEFT, BTN_MIDDLE, BTN_RIGHT.
  std::vector<std::uint16_t> held();

 private:
  explicit Hand(XConnection display) : display_(std::move(display)) {}

  XConnection display_;
};

}  // namespace dkvm::xlab
