#include "devices/media/canvas.hpp"
#include "tests/support/device_keys.hpp"
#include "tests/support/fake_pool.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/x11_screen.hpp"
#include "tests/support/xvfb.hpp"

#include <dkvm/config.hpp>

#include <xcb/xfixes.h>
#include <catch2/catch.hpp>

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace dkvm;
using namespace dkvm::test;
using Pixels = X11Screen::Pixels;

namespace {

constexpr std::uint16_t kPort = 1;
constexpr std::uint32_t kSlots = 3;
constexpr std::uint32_t kWidth = 320;
constexpr std::uint32_t kHeight = 200;
constexpr std::size_t kSlotBytes = 256 * 256 * 4;  // a pointer's shape is the larger one
const std::string kSource = DKVM_BIN_DIR "/dkvm-x11-display-source";

bool same(const Rect& a, const Rect& b) {
  return a.x() == b.x() && a.y() == b.y() && a.width() == b.width() && a.height() == b.height();
}

// A source that shows an X server's screen, and one who composes what it sends.
class Shown {
 public:
  explicit Shown(const Xvfb& server, const std::map<std::string, std::string>& config = {},
                 std::size_t slot_bytes = kSlotBytes)
      : kernel_({kSource}, keys(config, {{"DKVM_CONFIG_DISPLAY", server.display()}})) {
    kernel_.greet();
    open_pool(slot_bytes);
  }

  FakeKernel& kernel() { return kernel_; }
  FakePool& pool() { return *pools_.back(); }
  const media::Canvas& canvas() const { return canvas_; }

  void open_pool(std::size_t slot_bytes) {
    const auto number = static_cast<std::uint32_t>(pools_.size() + 7);
    pools_.push_back(std::make_unique<FakePool>(kernel_, kPort, kSlots, slot_bytes, number));
    pools_.back()->grant_pool();
  }
  void grant_all() {
    for (std::uint32_t slot = 0; slot < kSlots; ++slot) pool().grant(slot);
  }

  // The next picture; its slot is granted again, unless it is kept.
  DisplayFrame next(bool kept = false) {
    for (;;) {
      const Received event = kernel_.wait(wire::FrameKind::event);
      if (event.is(wire::Topic::display_frame)) return take(event, kept);
      if (!event.buffers.empty()) pool().grant(pool().bytes_of(event).second);
    }
  }

  // Every picture until a ping sent now is answered: it was sent after all that
  // the source had to say before.
  std::vector<DisplayFrame> until_pong() {
    kernel_.send({.kind = wire::FrameKind::ping, .sequence = ++ping_});
    std::vector<DisplayFrame> frames;
    for (auto frame = kernel_.next(); frame; frame = kernel_.next()) {
      if (frame->kind() == wire::FrameKind::pong && frame->header.sequence() == ping_) break;
      if (frame->is(wire::Topic::display_frame) && frame->kind() == wire::FrameKind::event)
        frames.push_back(take(*frame, false));
    }
    return frames;
  }

  // Waits until what was sent makes this picture.
  void wait_shows(const Rect& at, const Pixels& pixels) {
    while (part(at) != pixels) next();
  }

  Pixels part(const Rect& at) const {
    Pixels pixels;
    if (canvas_.empty()) return pixels;
    for (std::uint32_t y = 0; y < at.height(); ++y) {
      const Bytes row = canvas_.row(at, at.y() + y);
      const std::size_t begin = pixels.size();
      pixels.resize(begin + at.width());
      std::memcpy(pixels.data() + begin, row.data(), row.size());
    }
    for (auto& pixel : pixels) pixel &= 0xFFFFFF;
    return pixels;
  }

 private:
  DisplayFrame take(const Received& event, bool kept) {
    const auto frame = event.as<DisplayFrame>();
    CHECK(frame.partial == ((event.header.flags() & kFlagDelta) != 0));
    const auto [bytes, slot] = pool().bytes_of(event);
    const auto picture = Picture::of(frame, bytes);
    REQUIRE(picture);
    CHECK(bytes.size() == std::size_t{frame.stride} * picture->area().height());
    CHECK(frame.stride == picture->area().width() * 4);
    if (!canvas_.fits(*picture)) {
      REQUIRE_FALSE(frame.partial);
      canvas_ = media::Canvas(frame.width, frame.height, frame.fourcc);
    }
    canvas_.apply(*picture);
    if (!kept) pool().grant(slot);
    return frame;
  }

  FakeKernel kernel_;
  std::vector<std::unique_ptr<FakePool>> pools_;
  media::Canvas canvas_;
  std::uint64_t ping_ = 0;
};

// The words with which a source that cannot go on ends; another try may end better.
std::string last_words(FakeKernel& kernel) {
  kernel.rest();
  CHECK(kernel.wait_exit() == 1);
  const std::string& log = kernel.drain_log();
  return log.substr(log.rfind('\n', log.size() - 2) + 1);
}

void xrandr(const Xvfb& server, const std::string& arguments) {
  const Finished run = run_program("xrandr -d " + server.display() + " " + arguments);
  INFO(run.output);
  REQUIRE(run.status == 0);
}

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

TEST_CASE("a screen of another size is another mode, without a restart") {
  const Xvfb server("640x480x24");
  X11Screen screen(server.display());
  Shown shown(server, {{"cursor", "false"}}, 640 * 480 * 4);
  shown.grant_all();
  CHECK(shown.next().width == 640);
  xrandr(server, "--output screen --off --fb 400x300");
  shown.open_pool(400 * 300 * 4);
  shown.grant_all();
  const DisplayFrame frame = shown.next();
  CHECK_FALSE(frame.partial);
  CHECK(frame.epoch == 2);
  CHECK(frame.width == 400);
  CHECK(frame.height == 300);
  screen.fill({390, 290, 10, 10}, 0xABCDEF);
  shown.wait_shows({390, 290, 10, 10}, Pixels(100, 0xABCDEF));
  xrandr(server, "--fb 640x480");
  shown.open_pool(640 * 480 * 4);
  shown.grant_all();
  CHECK(shown.next().width == 640);
  CHECK(shown.canvas().height() == 480);
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

TEST_CASE("an X server that cannot be shown is named with what is missing, and tried again") {
  struct Case {
    std::string screen;
    std::vector<std::string> arguments;
    std::map<std::string, std::string> config;
    std::string words;
  };
  const Case cases[] = {
      {"320x200x16", {}, {}, "the screen has depth 16, expected 24 or 32"},
      {"320x200x24", {"-extension", "MIT-SHM"}, {}, "lacks the extension MIT-SHM"},
      {"320x200x24", {"-extension", "DAMAGE"}, {}, "lacks the extension DAMAGE"},
      {"320x200x24", {}, {{"monitor", "DP-7"}}, "there is no monitor 'DP-7', expected one of: "},
  };
  for (const Case& each : cases) {
    INFO(each.words);
    const Xvfb server(each.screen, each.arguments);
    FakeKernel kernel({kSource}, keys(each.config, {{"DKVM_CONFIG_DISPLAY", server.display()}}));
    kernel.greet();
    const std::string words = last_words(kernel);
    CHECK_THAT(words, Catch::Contains("cannot start: X display '" + server.display() + "'"));
    CHECK_THAT(words, Catch::Contains(each.words));
  }
}

TEST_CASE("the largest screens, and a pool that the kernel refuses, end with words, not parked") {
  const Xvfb server("16384x8192x24");
  FakeKernel kernel({kSource}, keys({}, {{"DKVM_CONFIG_DISPLAY", server.display()}}));
  kernel.greet();
  const auto call = kernel.wait(wire::FrameKind::request);
  kernel.respond(call.header.sequence(), wire::Code::invalid, "too large");
  CHECK_THAT(last_words(kernel), Catch::Contains("no shared memory for pictures of 16384x8192: ") &&
                                     Catch::Contains("too large"));
}

TEST_CASE("a source whose X server dies ends with that as its last words") {
  Xvfb server("320x200x24");
  Shown shown(server);
  shown.grant_all();
  shown.next();
  server.kill(SIGKILL);
  CHECK_THAT(last_words(shown.kernel()),
             Catch::Contains("X display '" + server.display() + "': the X server has gone"));
}

TEST_CASE("a source answers its kernel while its X server stands still, and goes on with it") {
  const Xvfb server("320x200x24");
  X11Screen screen(server.display());
  Shown shown(server, {{"cursor", "false"}});
  shown.grant_all();
  shown.next();
  ::kill(server.pid(), SIGSTOP);
  shown.kernel().upstream(kPort, Refresh{});  // it asks the server, who does not answer
  for (int i = 0; i < 3; ++i) CHECK(shown.until_pong().empty());
  ::kill(server.pid(), SIGCONT);
  CHECK_FALSE(shown.next().partial);
}
