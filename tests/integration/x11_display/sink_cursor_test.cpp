#include "tests/integration/x11_display/window.hpp"

#include <catch2/catch.hpp>

#include <xcb/xfixes.h>

#include <cstdlib>
#include <memory>

using namespace dkvm;
using namespace dkvm::test;

TEST_CASE("the far pointer is painted where it is, and what was below it comes back") {
  const Xvfb server("320x200x24");
  Window window(server, kOfPicture);
  window.screen().warp(0, 0);
  window.show(plain(0x404040));
  REQUIRE(window.screen().shows(kMiddle, plain(0x404040)));
  window.show(cursor_at(50, 40));
  while (window.asked() != wire::RefreshWhat::cursor) {
  }
  Pixels image(16, 0xFFFF0000);
  image[0] = 0;           // nothing
  image[1] = 0x80008000;  // half of a green
  window.show(cursor_at(50, 40), image);
  const auto painted = [](std::uint32_t x, std::uint32_t y, Pixels below) {
    for (std::uint32_t i = 0; i < 16; ++i)
      if (i != 0) below[(y - 2 + i / 4) * kWidth + x - 1 + i % 4] = i == 1 ? 0x20A020 : 0xFF0000;
    return below;
  };
  CHECK(window.screen().shows(kMiddle, painted(50, 40, plain(0x404040))));
  window.show(cursor_at(90, 70));
  CHECK(window.screen().shows(kMiddle, painted(90, 70, plain(0x404040))));
  window.show_part({88, 68, 10, 10}, plain(0x404040, 100));  // below it
  CHECK(window.screen().shows(kMiddle, painted(90, 70, plain(0x404040))));
  Cursor gone = cursor_at(90, 70);
  gone.visible = false;
  window.show(gone);
  CHECK(window.screen().shows(kMiddle, plain(0x404040)));
}

TEST_CASE("a local pointer gets the far one's shape over the window") {
  const Xvfb server("320x200x24");
  Window window(server, {{"size", "160x100"}, {"cursor", "local"}});
  window.show(plain(0x404040));
  REQUIRE(window.screen().shows(kMiddle, plain(0x404040)));
  window.show(cursor_at(10, 10), Pixels(16, 0xFF2244EE));
  window.screen().warp(150, 90);
  xcb_connection_t* const server_of = window.screen().server();
  std::free(xcb_xfixes_query_version_reply(server_of, xcb_xfixes_query_version(server_of, 4, 0),
                                           nullptr));
  bool seen = false;
  for (int i = 0; i < 1000 && !seen; ++i) {
    std::unique_ptr<xcb_xfixes_get_cursor_image_reply_t, decltype(&std::free)> image(
        xcb_xfixes_get_cursor_image_reply(server_of, xcb_xfixes_get_cursor_image(server_of),
                                          nullptr),
        &std::free);
    REQUIRE(image);
    const std::uint32_t* const pixels = xcb_xfixes_get_cursor_image_cursor_image(image.get());
    seen = image->width == 4 && image->xhot == 1 && image->yhot == 2 && pixels[5] == 0xFF2244EE;
    if (!seen) ::poll(nullptr, 0, 2);
  }
  CHECK(seen);
}

TEST_CASE("a pointer that is too large, or not to be seen, is asked for once") {
  const Xvfb server("320x200x24");
  for (const char* shown : {"local", "remote"}) {
    INFO(shown);
    Window window(server, {{"size", "160x100"}, {"cursor", shown}});
    window.show(plain(0x404040));
    Cursor large = cursor_at(10, 10);
    large.shape = 6;
    large.width = 257;
    window.show(large, Pixels(257 * 4, 0xFF00FF00));
    window.settle();
    for (int i = 0; i < 3; ++i) window.show(large);
    Cursor hidden = cursor_at(10, 10);
    hidden.visible = false;
    window.show(hidden, Pixels(16, 0xFF2244EE));
    window.show(hidden);
    window.show(cursor_at(10, 10));
    window.kernel().send({.kind = wire::FrameKind::ping, .sequence = 9});
    for (auto frame = window.kernel().next(); frame; frame = window.kernel().next()) {
      if (frame->kind() == wire::FrameKind::upstream && frame->is(wire::Topic::refresh))
        CHECK(frame->as<Refresh>().what != wire::RefreshWhat::cursor);
      if (frame->kind() == wire::FrameKind::pong && frame->header.sequence() == 9) break;
    }
  }
}
