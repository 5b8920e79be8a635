#include "tests/integration/x11_display/window.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::test;

namespace {

// 0x3366CC, or what libyuv makes of it when it scales: up to 2 less.
bool is_blue(std::uint32_t pixel) {
  const auto near = [&](unsigned shift, std::uint32_t value) {
    const std::uint32_t part = pixel >> shift & 0xFF;
    return part <= value && part + 2 >= value;
  };
  return near(16, 0x33) && near(8, 0x66) && near(0, 0xCC);
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
