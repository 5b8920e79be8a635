#pragma once

#include "tools/bench/desk/x_connection.hpp"

#include <cstdint>

namespace dkvm::bench {

// A hand on the keyboard and the mouse of a screen, by XTEST.
class Hand {
 public:
  // Errors: Errc::disconnected, Errc::unsupported without XTEST.
  static Result<Hand> at(const std::string& display);

  // Each is on its way when it returns; the time is from right before.
  // Shape: code is evdev's
  std::uint64_t key(std::uint16_t code, bool down);
  std::uint64_t move(int x, int y);

 private:
  explicit Hand(XConnection display) : display_(std::move(display)) {}

  XConnection display_;
};

}  // namespace dkvm::bench
