#include "tests/integration/x11_display/shown.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::test;

TEST_CASE("a screen of another size is another mode, without a restart") {
  const Xvfb server("640x480x24");
  X11Screen screen(server.display());
  xrandr(server, "--output screen --off --fb 400x300");
  Shown shown(server, {{"cursor", "false"}}, 400 * 300 * 4);
  shown.grant_all();
  CHECK(shown.next().width == 400);
  xrandr(server, "--fb 640x480");
  shown.open_pool(640 * 480 * 4);
  shown.grant_all();
  const DisplayFrame frame = shown.next();
  CHECK_FALSE(frame.partial);
  CHECK(frame.epoch == 2);
  CHECK(frame.width == 640);
  CHECK(frame.height == 480);
  screen.fill({630, 470, 10, 10}, 0xABCDEF);
  shown.wait_shows({630, 470, 10, 10}, Pixels(100, 0xABCDEF));
  // Sizes that alternate get no further pools: what is there is large enough.
  for (std::uint32_t epoch = 3; epoch < 9; ++epoch) {
    const bool small = epoch % 2 == 1;
    xrandr(server, small ? "--fb 400x300" : "--fb 640x480");
    DisplayFrame next = shown.next();
    while (next.epoch != epoch) next = shown.next();
    CHECK_FALSE(next.partial);
    CHECK(next.width == (small ? 400 : 640));
  }
  CHECK((shown.part({0, 0, 640, 480}) == screen.look({0, 0, 640, 480})));
}

TEST_CASE("a monitor by its name is shown alone, and ends the device when it goes") {
  const Xvfb server("640x200x24");
  X11Screen screen(server.display());
  xrandr(server, "--setmonitor left 320/80x200/60+0+0 screen");
  xrandr(server, "--setmonitor right 320/80x200/60+320+0 none");
  screen.fill({0, 0, 640, 200}, 0x101010);
  screen.fill({325, 5, 10, 10}, 0xEEDD00);
  Shown shown(server, {{"monitor", "right"}, {"cursor", "false"}});
  shown.grant_all();
  CHECK(shown.next().width == 320);
  CHECK((shown.part({5, 5, 10, 10}) == Pixels(100, 0xEEDD00)));
  screen.fill({100, 100, 50, 50}, 0xFF0000);  // not there
  CHECK(shown.until_pong().empty());
  screen.fill({310, 100, 20, 10}, 0x00FF00);  // half of it is
  const DisplayFrame frame = shown.next();
  CHECK(frame.damage.x() == 0);
  CHECK(frame.damage.width() == 10);
  CHECK((shown.part({0, 0, 320, 200}) == screen.look({320, 0, 320, 200})));
  xrandr(server, "--delmonitor right");
  CHECK_THAT(last_words(shown.kernel()),
             Catch::Contains("there is no monitor 'right', expected one of: left"));
}
