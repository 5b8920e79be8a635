#include "tests/integration/x11_display/window.hpp"
#include "tests/support/run_program.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

using namespace dkvm;
using namespace dkvm::test;

namespace {

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

TEST_CASE("a title beyond ASCII is told as window managers read it") {
  const Xvfb server("320x200x24");
  Window window(server, {{"size", "160x100"}, {"title", "b\u00fcro \u2192 \u5317"}});
  window.show(plain(0x404040));
  REQUIRE(window.screen().shows(kMiddle, plain(0x404040)));
  const std::string id =
      run_program("DISPLAY=" + server.display() + " xdotool search --onlyvisible --class dkvm")
          .output;
  const auto property = [&](const std::string& name) {
    return run_program("LC_ALL=C.UTF-8 xprop -display " + server.display() + " -id " +
                       id.substr(0, id.find('\n')) + " " + name)
        .output;
  };
  CHECK_THAT(property("_NET_WM_NAME"), Catch::Contains("= \"b\u00fcro \u2192 \u5317\""));
  CHECK_THAT(property("WM_NAME"), Catch::Contains("(STRING) = ") && Catch::Contains("ro ? ?\""));
}

TEST_CASE("what the X server refuses is told in the state until pictures are shown again") {
  const Xvfb server("320x200x24");
  Window window(server, kOfPicture);
  window.show(plain(0x404040));
  REQUIRE(window.screen().shows(kMiddle, plain(0x404040)));
  window.screen().detach_shared_memory_of_others();
  window.show(plain(0x808080));
  CHECK_THAT(wait_trouble(window.kernel()),
             Catch::Contains("X display '" + server.display() + "' refuses request"));
  window.show(plain(0x2040C0, 80 * 50), 80, 50);
  CHECK(wait_trouble(window.kernel()).empty());
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
