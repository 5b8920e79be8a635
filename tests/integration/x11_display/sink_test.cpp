#include "tests/support/device_keys.hpp"
#include "tests/support/fake_pool.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/x11_screen.hpp"
#include "tests/support/xvfb.hpp"

#include <dkvm/config.hpp>

#include <xcb/xfixes.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace dkvm;
using namespace dkvm::test;
using Pixels = X11Screen::Pixels;

namespace {

constexpr std::uint16_t kPort = 1;
constexpr std::uint32_t kSlots = 4;
constexpr std::uint32_t kWidth = 160;
constexpr std::uint32_t kHeight = 100;
const std::string kSink = DKVM_BIN_DIR "/dkvm-x11-display-sink";

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
const Rect kMiddle(80, 50, kWidth, kHeight);

const std::map<std::string, std::string> kOfPicture = {{"size", "160x100"}};

Pixels plain(std::uint32_t colour, std::size_t count = kWidth * kHeight) {
  return Pixels(count, colour);
}

Cursor cursor_at(std::int32_t x, std::int32_t y) {
  Cursor cursor;
  cursor.x = x;
  cursor.y = y;
  cursor.hot_x = 1;
  cursor.hot_y = 2;
  cursor.width = cursor.height = 4;
  cursor.shape = 5;
  return cursor;
}

// 0x3366CC, or what libyuv makes of it when it scales: up to 2 less.
bool is_blue(std::uint32_t pixel) {
  const auto near = [&](unsigned shift, std::uint32_t value) {
    const std::uint32_t part = pixel >> shift & 0xFF;
    return part <= value && part + 2 >= value;
  };
  return near(16, 0x33) && near(8, 0x66) && near(0, 0xCC);
}

// Without a window manager a click on its cross is a message.
void close_by_cross(X11Screen& screen) {
  std::unique_ptr<xcb_query_tree_reply_t, decltype(&std::free)> tree(
      xcb_query_tree_reply(screen.server(), xcb_query_tree(screen.server(), screen.root()),
                           nullptr),
      &std::free);
  REQUIRE(xcb_query_tree_children_length(tree.get()) == 1);
  const auto atom = [&](const char* name) {
    std::unique_ptr<xcb_intern_atom_reply_t, decltype(&std::free)> reply(
        xcb_intern_atom_reply(screen.server(),
                              xcb_intern_atom(screen.server(), 0,
                                              static_cast<std::uint16_t>(std::strlen(name)), name),
                              nullptr),
        &std::free);
    return reply->atom;
  };
  xcb_client_message_event_t message{};
  message.response_type = XCB_CLIENT_MESSAGE;
  message.format = 32;
  message.window = xcb_query_tree_children(tree.get())[0];
  message.type = atom("WM_PROTOCOLS");
  message.data.data32[0] = atom("WM_DELETE_WINDOW");
  xcb_send_event(screen.server(), 0, message.window, 0, reinterpret_cast<const char*>(&message));
  screen.sync();
}

}  // namespace

TEST_CASE("pictures are seen pixel for pixel, and a part of one changes no other pixel") {
  const Xvfb server("320x200x24");
  Window window(server, kOfPicture);
  Pixels all = X11Screen::noise(kWidth * kHeight, 1);
  window.show(all);
  CHECK(window.screen().shows(kMiddle, all));
  for (std::uint32_t i = 1; i <= 10; ++i) {
    const Rect at(i * 9, i * 5, 4 + i, 3 * i);
    const Pixels part = X11Screen::noise(at.width() * at.height(), i);
    for (std::uint32_t y = 0; y < at.height(); ++y)
      for (std::uint32_t x = 0; x < at.width(); ++x)
        all[(at.y() + y) * kWidth + at.x() + x] = part[y * at.width() + x];
    window.show_part(at, part);
    CHECK(window.screen().shows(kMiddle, all));
  }
  CHECK(window.screen().pixel(10, 10) == 0);
}

TEST_CASE("a part of a picture of which nothing is there is asked for, whole") {
  const Xvfb server("320x200x24");
  Window window(server, kOfPicture);
  CHECK(window.asked() == wire::RefreshWhat::frame);  // the window has come, and is empty
  ::poll(nullptr, 0, 300);                            // it does not ask again so soon
  window.show_part({0, 0, 10, 10}, plain(0xFF00FF, 100));
  CHECK(window.asked() == wire::RefreshWhat::frame);
  window.show(plain(0x00FF00));
  CHECK(window.screen().shows(kMiddle, plain(0x00FF00)));
}

TEST_CASE("what was covered is painted again, with nobody asked") {
  const Xvfb server("320x200x24");
  Window window(server, kOfPicture);
  const Pixels all = X11Screen::noise(kWidth * kHeight, 3);
  window.show(all);
  REQUIRE(window.screen().shows(kMiddle, all));
  xcb_connection_t* const other = window.screen().server();
  const xcb_window_t cover = xcb_generate_id(other);
  const std::uint32_t white = 0xFFFFFF;
  xcb_create_window(other, XCB_COPY_FROM_PARENT, cover, window.screen().root(), 100, 60, 50, 50, 0,
                    XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT, XCB_CW_BACK_PIXEL, &white);
  xcb_map_window(other, cover);
  REQUIRE(window.screen().shows({100, 60, 50, 50}, plain(white, 2500)));
  xcb_unmap_window(other, cover);
  CHECK(window.screen().shows(kMiddle, all));
}

TEST_CASE("a window of auto size is as large as the picture, also when that changes") {
  const Xvfb server("320x200x24");
  Window window(server);
  for (const auto& [width, height] : {std::pair{100u, 50u}, {200u, 150u}, {60u, 40u}}) {
    DisplayMode mode;
    mode.width = width;
    mode.height = height;
    window.kernel().event(kPort, mode);
    const Pixels all = X11Screen::noise(std::size_t{width} * height, width);
    window.show(all, width, height);
    const auto there = [&] {
      // Where it stands is the window manager's matter, who is not there: it stays.
      return window.screen().shows({0, 0, width, height}, all);
    };
    CHECK(there());
  }
}

TEST_CASE("a larger window is filled in the picture's proportions, or all of it, or not at all") {
  struct Case {
    std::string scale;
    Rect shown;  // on the screen
  };
  const Case cases[] = {
      {"fit", {0, 20, 320, 160}}, {"stretch", {0, 0, 320, 200}}, {"none", {120, 80, 80, 40}}};
  for (const Case& each : cases) {
    INFO(each.scale);
    const Xvfb server("320x200x24");
    Window window(server, {{"fullscreen", "true"}, {"scale", each.scale}});
    window.show(plain(0x3366CC, 80 * 40), 80, 40);
    const Rect& shown = each.shown;
    const auto count = [&](const Rect& at) {
      const Pixels pixels = window.screen().look(at);
      return static_cast<std::uint32_t>(std::count_if(pixels.begin(), pixels.end(), is_blue));
    };
    const std::uint32_t expected = shown.width() * shown.height();
    for (int i = 0; i < 1000 && count(shown) != expected; ++i) ::poll(nullptr, 0, 2);
    CHECK(count(shown) == expected);
    CHECK(count({0, 0, 320, 200}) == expected);
  }
}

TEST_CASE("parts of a scaled picture make the same as the whole one") {
  const Xvfb server("320x200x24");
  const Xvfb other("320x200x24");
  for (const std::string size : {"300x190", "100x63"}) {
    INFO(size);
    Pixels all = X11Screen::noise(kWidth * kHeight, 7);
    Window parts(server, {{"size", size}, {"scale", "stretch"}});
    parts.show(all);
    for (std::uint32_t i = 0; i < 12; ++i) {
      const Rect at(i * 11, i * 7, 20, 15);
      const Pixels part = X11Screen::noise(300, 100 + i);
      for (std::uint32_t y = 0; y < 15; ++y)
        for (std::uint32_t x = 0; x < 20; ++x)
          all[(at.y() + y) * kWidth + at.x() + x] = part[y * 20 + x];
      parts.show_part(at, part);
      parts.settle();
    }
    Window whole(other, {{"size", size}, {"scale", "stretch"}});
    whole.show(all);
    const Rect screen{0, 0, 320, 200};
    const auto alike = [&] { return parts.screen().look(screen) == whole.screen().look(screen); };
    for (int i = 0; i < 1000 && !alike(); ++i) ::poll(nullptr, 0, 2);
    CHECK(alike());
  }
}

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

TEST_CASE("a window that its user closes is the end, and no failure") {
  const Xvfb server("320x200x24");
  Window window(server, kOfPicture);
  window.show(plain(0x404040));
  REQUIRE(window.screen().shows(kMiddle, plain(0x404040)));
  close_by_cross(window.screen());
  window.kernel().rest();
  CHECK(window.kernel().wait_exit() == 0);
  CHECK_THAT(window.kernel().drain_log(), Catch::Contains("the window was closed"));
}

TEST_CASE("frames that are no pictures are asked for again, and shown when they come") {
  const Xvfb server("320x200x24");
  Window window(server, kOfPicture);
  CHECK(window.asked() == wire::RefreshWhat::frame);  // the window has come, and is empty
  ::poll(nullptr, 0, 300);                            // it does not ask again so soon
  window.show(plain(1, 10), 160, 100);                // too few bytes
  CHECK(window.asked() == wire::RefreshWhat::frame);
  window.kernel().wait_log("a frame that is no picture: ");
  window.show(plain(0x00FF00));
  CHECK(window.screen().shows(kMiddle, plain(0x00FF00)));
}

TEST_CASE("a sink that cannot show anything says why, and is tried again") {
  struct Case {
    std::string screen;
    std::vector<std::string> arguments;
    std::map<std::string, std::string> config;
    std::string words;
    int status = 1;
  };
  const Case cases[] = {
      {"320x200x16", {}, {}, "the screen has depth 16, expected 24 or 32"},
      {"320x200x24", {"-extension", "MIT-SHM"}, {}, "lacks the extension MIT-SHM"},
      {"320x200x24", {}, {{"monitor", "DP-7"}}, "there is no monitor 'DP-7', expected one of: "},
      {"320x200x24", {}, {{"size", "big"}}, "'big' is not a size such as 1920x1080", kExitRefused},
      {"320x200x24",
       {},
       {{"size", "9x9"}, {"fullscreen", "true"}},
       "config key 'size' has no effect with fullscreen: true",
       kExitRefused},
  };
  for (const Case& each : cases) {
    INFO(each.words);
    const Xvfb server(each.screen, each.arguments);
    FakeKernel kernel({kSink}, keys(each.config, {{"DKVM_CONFIG_DISPLAY", server.display()}}));
    kernel.greet();
    kernel.rest();
    CHECK(kernel.wait_exit() == each.status);
    CHECK_THAT(kernel.drain_log(),
               Catch::Contains("cannot start: ") && Catch::Contains(each.words));
  }
}

TEST_CASE("a sink whose X server dies ends with that as its last words") {
  Xvfb server("320x200x24");
  FakeKernel kernel({kSink}, keys({}, {{"DKVM_CONFIG_DISPLAY", server.display()}}));
  kernel.greet();
  kernel.send({.kind = wire::FrameKind::ping, .sequence = 1});
  kernel.wait(wire::FrameKind::pong);  // it has started
  server.kill(SIGKILL);
  kernel.rest();
  CHECK(kernel.wait_exit() == 1);
  CHECK_THAT(kernel.drain_log(),
             Catch::Contains("X display '" + server.display() + "': the X server has gone"));
}
