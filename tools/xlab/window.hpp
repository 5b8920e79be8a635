#pragma once

#include "tools/xlab/connection.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace dkvm::xlab {

// A program's window all over a screen, with the focus: it gets the keys that the
// desktop gets, and none that somebody has grabbed.
class KeyWindow {
 public:
  // Returns once it is there and has the focus.
  // Errors: Errc::disconnected.
  static Result<KeyWindow> on(const std::string& display);

  struct Came {
    std::uint16_t code = 0;  // evdev's
    bool down = false;
    std::string text;  // what the layout makes of it
  };
  // Nothing at the timeout. Repeats come as X makes them: an up, a down.
  std::optional<Came> next(std::chrono::milliseconds timeout);

 private:
  explicit KeyWindow(XConnection display) : display_(std::move(display)) {}

  XConnection display_;
};

}  // namespace dkvm::xlab
