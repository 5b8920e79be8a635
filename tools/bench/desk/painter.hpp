#pragma once

#include "tools/xlab/connection.hpp"

#include <chrono>
#include <cstdint>

namespace dkvm::bench {

// Something on a screen that changes.
class Painter {
 public:
  static constexpr int kMarkX = 900;  // the middle of the mark
  static constexpr int kMarkY = 500;
  static constexpr int kFlagX = 1700;  // the middle of the flag
  static constexpr int kFlagY = 900;

  static Result<Painter> at(const std::string& display);

  // Makes the mark, 200 x 100 pixels, light or dark; the time is from right before.
  std::uint64_t mark(bool light);
  // Scrolls a page of text-like rows over the whole screen, so many times a second; a
  // flag on it is light in every other picture.
  // Errors: Errc::disconnected when interrupted.
  Result<> scroll(double hz, std::chrono::milliseconds duration);
  // A line of so many rows high, as a program in use writes them.
  void type_line();

 private:
  Painter(xlab::XConnection display, Window window, Pixmap page, GC gc)
      : display_(std::move(display)), window_(window), page_(page), gc_(gc) {}

  void draw_page();
  void flag(bool light);

  xlab::XConnection display_;
  Window window_;
  Pixmap page_;
  GC gc_;
  int offset_ = 0;
  unsigned column_ = 0;
  unsigned frames_ = 0;
};

}  // namespace dkvm::bench
