#include "tests/integration/x11_display/shown.hpp"
#include "tests/support/temp_dir.hpp"

#include <xcb/xfixes.h>
#include <catch2/catch.hpp>

#include <cstring>
#include <memory>

using namespace dkvm;
using namespace dkvm::test;

namespace {

// As a mouse moves.
void move_by(const Xvfb& server, int x, int y) {
  const Finished run = run_program("DISPLAY=" + server.display() + " xdotool mousemove_relative " +
                                   std::to_string(x) + " " + std::to_string(y));
  INFO(run.output);
  REQUIRE(run.status == 0);
}

}  // namespace

TEST_CASE("a screen comes whole, then what changes on it and nothing else, pixel for pixel") {
  const Xvfb server("320x200x24");
  X11Screen screen(server.display());
  const Pixels all = X11Screen::noise(kWidth * kHeight, 1);
  screen.draw({0, 0, kWidth, kHeight}, all);
  Shown shown(server, {{"fps", "1000"}});
  shown.grant_all();
  CHECK_FALSE(shown.next().partial);
  CHECK((shown.part({0, 0, kWidth, kHeight}) == all));
  for (std::uint32_t i = 1; i <= 20; ++i) {
    const Rect at(i * 7, i * 3, 3 + i, 2 * i);
    const Pixels some = X11Screen::noise(at.width() * at.height(), i);
    screen.draw(at, some);
    const DisplayFrame frame = shown.next();
    CHECK(frame.partial);
    CHECK(same(frame.damage, at));
    CHECK((shown.part(at) == some));
  }
  CHECK((shown.part({0, 0, kWidth, kHeight}) == screen.look({0, 0, kWidth, kHeight})));
}

TEST_CASE("a static screen sends nothing, and takes no time") {
  const Xvfb server("320x200x24");
  X11Screen screen(server.display());
  Shown shown(server);
  shown.grant_all();
  shown.next();
  screen.fill({10, 10, 5, 5}, 0x123456);
  shown.wait_shows({10, 10, 5, 5}, Pixels(25, 0x123456));
  shown.until_pong();
  const auto time_taken = [&] {
    return read_file("/proc/" + std::to_string(shown.kernel().pid()) + "/schedstat");
  };
  bool rests = false;
  for (int i = 0; i < 20 && !rests; ++i) {
    const std::string before = time_taken();
    ::poll(nullptr, 0, 300);  // as long as 18 pictures
    rests = time_taken() == before;
  }
  CHECK(rests);
  CHECK(shown.until_pong().empty());
}

TEST_CASE("without a slot damage adds up, and goes as one with the next") {
  const Xvfb server("320x200x24");
  X11Screen screen(server.display());
  Shown shown(server, {{"fps", "1000"}, {"cursor", "false"}});
  shown.pool().grant(0);
  CHECK_FALSE(shown.next(true).partial);
  screen.fill({10, 20, 5, 5}, 0xFF0000);
  screen.fill({100, 50, 5, 5}, 0x00FF00);
  CHECK(shown.until_pong().empty());
  screen.fill({40, 90, 5, 5}, 0x0000FF);
  CHECK(shown.until_pong().empty());
  shown.pool().grant(1);
  const DisplayFrame frame = shown.next(true);
  CHECK(frame.partial);
  CHECK(same(frame.damage, {10, 20, 95, 75}));
  CHECK((shown.part({0, 0, kWidth, kHeight}) == screen.look({0, 0, kWidth, kHeight})));
}

TEST_CASE("a screen that always changes sends no more pictures than it may") {
  const Xvfb server("320x200x24");
  X11Screen screen(server.display());
  Shown shown(server, {{"fps", "50"}, {"cursor", "false"}});
  shown.grant_all();
  shown.next();
  const std::uint64_t begin = now_ns();
  std::uint64_t pictures = 0;
  for (std::uint32_t colour = 1; now_ns() - begin < 500'000'000; ++colour) {
    screen.fill({0, 0, 50, 50}, colour);
    pictures += shown.until_pong().size();
  }
  CHECK(pictures > 2);
  CHECK(pictures <= 3 + (now_ns() - begin) / 20'000'000);
}

TEST_CASE("who asks for the picture, the mode or the pointer gets it, on a static screen too") {
  const Xvfb server("320x200x24");
  X11Screen screen(server.display());
  screen.fill({0, 0, kWidth, kHeight}, 0x224466);
  Shown shown(server, {{"fps", "30"}});
  shown.grant_all();
  shown.next();
  for (int i = 0; i < 3; ++i) {
    shown.kernel().upstream(kPort, Refresh{});
    CHECK_FALSE(shown.next().partial);
  }
  Refresh refresh;
  refresh.what = wire::RefreshWhat::display_mode;
  shown.kernel().upstream(kPort, refresh);
  const auto mode = shown.kernel().wait_event<DisplayMode>();
  CHECK(mode.epoch == 1);
  CHECK(mode.width == kWidth);
  CHECK(mode.height == kHeight);
  CHECK(mode.refresh_mhz == 30'000);
  CHECK(mode.fourcc == kXR24);
  refresh.what = wire::RefreshWhat::cursor;
  shown.kernel().upstream(kPort, refresh);
  const auto cursor = shown.kernel().wait_event<Cursor>();
  CHECK(cursor.width > 0);
  CHECK(cursor.shape != 0);
}

TEST_CASE("the pointer's shape comes as it is on the screen, and its place as it moves") {
  const Xvfb server("320x200x24");
  X11Screen screen(server.display());
  screen.warp(50, 60);
  Shown shown(server);
  shown.grant_all();
  xcb_font_t font = xcb_generate_id(screen.server());
  xcb_cursor_t hand = xcb_generate_id(screen.server());
  xcb_open_font(screen.server(), font, 6, "cursor");
  xcb_create_glyph_cursor(screen.server(), hand, font, font, 60, 61, 0xFFFF, 0, 0, 0, 0, 0xFFFF);
  const std::uint32_t value = hand;
  xcb_change_window_attributes(screen.server(), screen.root(), XCB_CW_CURSOR, &value);
  screen.sync();
  std::free(xcb_xfixes_query_version_reply(
      screen.server(), xcb_xfixes_query_version(screen.server(), 4, 0), nullptr));
  const std::unique_ptr<xcb_xfixes_get_cursor_image_reply_t, decltype(&std::free)> expected(
      xcb_xfixes_get_cursor_image_reply(screen.server(),
                                        xcb_xfixes_get_cursor_image(screen.server()), nullptr),
      &std::free);
  REQUIRE(expected);
  for (;;) {
    const Received event = shown.kernel().wait(wire::FrameKind::event);
    if (!event.is(wire::Topic::cursor) || event.buffers.empty()) continue;
    const auto cursor = event.as<Cursor>();
    const auto [image, slot] = shown.pool().bytes_of(event);
    shown.pool().grant(slot);
    if (cursor.shape != expected->cursor_serial) continue;
    CHECK(cursor.x == 50);
    CHECK(cursor.y == 60);
    CHECK(cursor.visible);
    CHECK(cursor.width == expected->width);
    CHECK(cursor.height == expected->height);
    CHECK(cursor.hot_x == expected->xhot);
    CHECK(cursor.hot_y == expected->yhot);
    REQUIRE(image.size() == std::size_t{expected->width} * expected->height * 4);
    CHECK(std::memcmp(image.data(), xcb_xfixes_get_cursor_image_cursor_image(expected.get()),
                      image.size()) == 0);
    break;
  }
  for (int x = 100; x <= 250; x += 50) {
    move_by(server, 50, 0);
    for (auto cursor = shown.kernel().wait_event<Cursor>(); cursor.x != x || cursor.y != 60;)
      cursor = shown.kernel().wait_event<Cursor>();
  }
  move_by(server, 1000, 1000);  // to the corner
  for (auto cursor = shown.kernel().wait_event<Cursor>(); cursor.x != 319 || cursor.y != 199;)
    cursor = shown.kernel().wait_event<Cursor>();
}
