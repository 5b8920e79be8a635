#pragma once

#include "tests/support/device_keys.hpp"
#include "tests/support/fake_pool.hpp"
#include "tests/support/x11_screen.hpp"
#include "tests/support/xvfb.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

// The display sink as a process, and who shows it pictures.
namespace dkvm::test {

using Pixels = X11Screen::Pixels;

inline constexpr std::uint16_t kPort = 1;
inline constexpr std::uint32_t kSlots = 4;
inline constexpr std::uint32_t kWidth = 160;
inline constexpr std::uint32_t kHeight = 100;
inline const std::string kSink = DKVM_BIN_DIR "/dkvm-x11-display-sink";

// A window on an X server of 320x200 pixels, and who shows it pictures.
class Window {
 public:
  explicit Window(const Xvfb& server, const std::map<std::string, std::string>& config = {})
      : screen_(server.display()),
        kernel_({kSink}, keys(config, {{"DKVM_CONFIG_DISPLAY", server.display()}})) {
    kernel_.greet();
    pool_.show_pool();
  }

  FakeKernel& kernel() { return kernel_; }
  X11Screen& screen() { return screen_; }

  void show(const Pixels& all, std::uint32_t width = kWidth, std::uint32_t height = kHeight) {
    DisplayFrame frame = frame_of(width, height);
    frame.damage = {0, 0, width, height};
    frame.stride = width * 4;
    pool_.event(++slot_ % kSlots, frame, std::as_bytes(std::span(all)));
  }
  void show_part(const Rect& at, const Pixels& part) {
    DisplayFrame frame = frame_of(kWidth, kHeight);
    frame.damage = at;
    frame.stride = at.width() * 4;
    frame.partial = true;
    pool_.event(++slot_ % kSlots, frame, std::as_bytes(std::span(part)));
  }
  void show(const Cursor& cursor) { kernel_.event(kPort, cursor); }
  void show(Cursor cursor, const Pixels& image) {
    pool_.event(++slot_ % kSlots, cursor, std::as_bytes(std::span(image)));
  }

  // Waits until all of it is taken.
  void settle() { kernel_.wait_applied(kPort); }

  wire::RefreshWhat asked() {
    for (;;) {
      const Received message = kernel_.wait(wire::FrameKind::upstream);
      if (message.is(wire::Topic::refresh)) return message.as<Refresh>().what;
    }
  }

 private:
  static DisplayFrame frame_of(std::uint32_t width, std::uint32_t height) {
    DisplayFrame frame;
    frame.width = width;
    frame.height = height;
    frame.fourcc = kXR24;
    return frame;
  }

  X11Screen screen_;
  FakeKernel kernel_;
  FakePool pool_{kernel_, kPort, kSlots, 320 * 200 * 4};
  std::uint32_t slot_ = 0;
};

// Where a window of 160x100 stands on the screen of 320x200.
inline const Rect kMiddle(80, 50, kWidth, kHeight);

inline const std::map<std::string, std::string> kOfPicture = {{"size", "160x100"}};

inline Pixels plain(std::uint32_t colour, std::size_t count = kWidth * kHeight) {
  return Pixels(count, colour);
}

inline Cursor cursor_at(std::int32_t x, std::int32_t y) {
  Cursor cursor;
  cursor.x = x;
  cursor.y = y;
  cursor.hot_x = 1;
  cursor.hot_y = 2;
  cursor.width = cursor.height = 4;
  cursor.shape = 5;
  return cursor;
}

}  // namespace dkvm::test
