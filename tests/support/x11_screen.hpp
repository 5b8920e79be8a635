#pragma once

#include <dkvm/picture.hpp>

#include <xcb/shm.h>
#include <xcb/xcb.h>

#include <poll.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace dkvm::test {

// One who draws on the root window of an X server, and looks at it.
class X11Screen {
 public:
  using Pixels = std::vector<std::uint32_t>;  // 0x00RRGGBB, row by row

  explicit X11Screen(const std::string& display) : server_(xcb_connect(display.c_str(), nullptr)) {
    REQUIRE(xcb_connection_has_error(server_) == 0);
    root_ = xcb_setup_roots_iterator(xcb_get_setup(server_)).data->root;
    gc_ = xcb_generate_id(server_);
    const std::uint32_t on_top = XCB_SUBWINDOW_MODE_INCLUDE_INFERIORS;
    xcb_create_gc(server_, gc_, root_, XCB_GC_SUBWINDOW_MODE, &on_top);
  }
  X11Screen(const X11Screen&) = delete;
  X11Screen& operator=(const X11Screen&) = delete;
  ~X11Screen() { xcb_disconnect(server_); }

  xcb_connection_t* server() const { return server_; }
  xcb_window_t root() const { return root_; }

  static Pixels noise(std::size_t count, std::uint32_t seed) {
    std::mt19937 random(seed);
    Pixels pixels(count);
    for (auto& pixel : pixels) pixel = random() & 0xFFFFFF;
    return pixels;
  }

  void draw(const Rect& at, const Pixels& pixels) {
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(pixels.data());
    xcb_put_image(server_, XCB_IMAGE_FORMAT_Z_PIXMAP, root_, gc_, u16(at.width()), u16(at.height()),
                  i16(at.x()), i16(at.y()), 0, 24, static_cast<std::uint32_t>(pixels.size() * 4),
                  bytes);
    sync();
  }
  void fill(const Rect& at, std::uint32_t colour) {
    xcb_change_gc(server_, gc_, XCB_GC_FOREGROUND, &colour);
    const xcb_rectangle_t rectangle{i16(at.x()), i16(at.y()), u16(at.width()), u16(at.height())};
    xcb_poly_fill_rectangle(server_, root_, gc_, 1, &rectangle);
    sync();
  }
  void warp(std::int16_t x, std::int16_t y) {
    xcb_warp_pointer(server_, XCB_NONE, root_, 0, 0, 0, 0, x, y);
    sync();
  }

  Pixels look(const Rect& at) const {
    std::unique_ptr<xcb_get_image_reply_t, decltype(&std::free)> image(
        xcb_get_image_reply(server_,
                            xcb_get_image(server_, XCB_IMAGE_FORMAT_Z_PIXMAP, root_, i16(at.x()),
                                          i16(at.y()), u16(at.width()), u16(at.height()), ~0u),
                            nullptr),
        &std::free);
    if (!image) return {};
    const auto* const data =
        reinterpret_cast<const std::uint32_t*>(xcb_get_image_data(image.get()));
    Pixels pixels(data, data + std::size_t{at.width()} * at.height());
    for (auto& pixel : pixels) pixel &= 0xFFFFFF;
    return pixels;
  }
  std::uint32_t pixel(std::uint32_t x, std::uint32_t y) const { return look({x, y, 1, 1}).at(0); }

  // Waits until the screen shows this there.
  bool shows(const Rect& at, const Pixels& pixels) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < end) {
      if (look(at) == pixels) return true;
      ::poll(nullptr, 0, 2);
    }
    return false;
  }

  // Takes the shared memory that other clients have made known from the server, as
  // nobody should.
  void detach_shared_memory_of_others() {
    constexpr std::uint32_t kClientsMax = 32, kFirstIds = 512, kClientShift = 21;
    for (std::uint32_t client = 1; client < kClientsMax; ++client)
      for (std::uint32_t id = 0; id < kFirstIds; ++id)
        xcb_shm_detach(server_, client << kClientShift | id);
    sync();
  }

  // Everything said before is done when this returns.
  void sync() const {
    std::free(xcb_get_input_focus_reply(server_, xcb_get_input_focus(server_), nullptr));
  }

 private:
  static std::int16_t i16(std::uint32_t value) { return static_cast<std::int16_t>(value); }
  static std::uint16_t u16(std::uint32_t value) { return static_cast<std::uint16_t>(value); }

  xcb_connection_t* server_;
  xcb_window_t root_ = 0;
  xcb_gcontext_t gc_ = 0;
};

}  // namespace dkvm::test
