#include "tests/integration/x11_display/shown.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace dkvm;
using namespace dkvm::test;

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

TEST_CASE("what the X server refuses is told in the state, and other memory mends it") {
  const Xvfb server("320x200x24");
  X11Screen screen(server.display());
  Shown shown(server, {{"cursor", "false"}});
  shown.grant_all();
  shown.next();
  screen.detach_shared_memory_of_others();
  screen.fill({10, 10, 5, 5}, 0x123456);
  CHECK_THAT(wait_trouble(shown.kernel()),
             Catch::Contains("X display '" + server.display() + "' refuses request"));
  shown.open_pool(kSlotBytes);
  shown.grant_all();
  CHECK(wait_trouble(shown.kernel()).empty());
  screen.fill({20, 20, 5, 5}, 0x654321);
  shown.wait_shows({20, 20, 5, 5}, Pixels(25, 0x654321));
}
