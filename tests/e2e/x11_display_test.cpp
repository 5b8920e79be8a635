#include "tests/e2e/desk.hpp"
#include "tests/support/x11_screen.hpp"
#include "tests/support/xvfb.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <csignal>
#include <memory>
#include <optional>
#include <string>

// From one X server to another, through a whole kernel.
using namespace dkvm;
using namespace dkvm::test;

namespace {

const Rect kAll(0, 0, 640, 480);

// A device on an X server; `keys` are more of its configuration.
std::string device(const std::string& name, const std::string& type, const Xvfb& server,
                   const std::string& keys) {
  return fmt::format("  {}: {{type: x11-display-{}, config: {{display: '{}', cursor: {}}}}}\n",
                     name, type, server.display(), keys);
}
std::string desk_of(const std::string& devices, const std::string& sinks) {
  return fmt::format("devices:\n{}pipelines:\n  - {{name: show, from: screen, to: [{}]}}\n",
                     devices, sinks);
}

std::string reason(const Desk& desk, const std::string& name) {
  return desk.device(name).value("reason", "");
}

// Draws on one screen until the other shows just that.
bool follows(const std::string& from, const std::string& to, std::uint32_t seed) {
  X11Screen far(from), near(to);
  far.warp(639, 479);
  near.warp(639, 479);
  far.draw(kAll, X11Screen::noise(640 * 480, seed));
  far.fill({100, 100, 50, 50}, seed);
  far.draw({300, 200, 40, 30}, X11Screen::noise(40 * 30, seed + 1));
  return near.shows(kAll, far.look(kAll));
}

}  // namespace

TEST_CASE("A screen is seen on another, pixel for pixel, in each of two windows") {
  const Xvfb far("640x480x24"), near("640x480x24"), other("640x480x24");
  Desk desk;
  desk.start(desk_of(device("screen", "source", far, "true") +
                         device("view", "sink", near, "none, fullscreen: true") +
                         device("second", "sink", other, "none, fullscreen: true"),
                     "view, second"));
  for (std::uint32_t seed = 1; seed <= 5; ++seed) {
    CHECK(follows(far.display(), near.display(), seed));
    CHECK(X11Screen(other.display()).shows(kAll, X11Screen(far.display()).look(kAll)));
  }
}

TEST_CASE("X servers that die are waited for, and seen again when they are back") {
  Xvfb far("640x480x24"), near("640x480x24");
  Desk desk;
  desk.start(desk_of(device("screen", "source", far, "true") +
                         device("view", "sink", near, "none, fullscreen: true"),
                     "view"));
  REQUIRE(follows(far.display(), near.display(), 1));
  near.kill();
  desk.wait_state("view", "backoff");
  CHECK_THAT(reason(desk, "view"), Catch::Contains("X display '" + near.display() + "'"));
  near.start();
  desk.wait_state("view", "running");
  // What does not change is seen too: whoever joins asks for it.
  CHECK(X11Screen(near.display()).shows(kAll, X11Screen(far.display()).look(kAll)));
  far.kill();
  desk.wait_state("screen", "backoff");
  CHECK_THAT(reason(desk, "screen"), Catch::Contains("X display '" + far.display() + "'"));
  far.start();
  desk.wait_state("screen", "running");
  CHECK(follows(far.display(), near.display(), 7));
}

TEST_CASE("A monitor that is not there is waited for, with words that name those that are") {
  const Xvfb far("640x480x24"), near("640x480x24");
  Desk desk;
  desk.write(desk_of(device("screen", "source", far, "true, monitor: second") +
                         device("view", "sink", near, "none, size: 320x240, scale: none"),
                     "view"));
  desk.launch(false);
  desk.wait_state("screen", "backoff");
  REQUIRE(eventually(kPatience, [&] {
    return reason(desk, "screen").find("there is no monitor 'second', expected one of: screen") !=
           std::string::npos;
  }));
  const Finished added =
      run_program("xrandr -d " + far.display() + " --setmonitor second 320/80x240/60+320+240 none");
  INFO(added.output);
  desk.wait_state("screen", "running");
  X11Screen screen(far.display());
  screen.draw({320, 240, 320, 240}, X11Screen::noise(320 * 240, 3));
  CHECK(X11Screen(near.display()).shows({160, 120, 320, 240}, X11Screen::noise(320 * 240, 3)));
}

// Attaching a pool waits for the server, as nothing else does.
TEST_CASE("A source whose X server stands still while a pool is attached is ended and comes back") {
  const Xvfb far("640x480x24"), near("640x480x24");
  Desk desk;
  desk.start(desk_of(device("screen", "source", far, "true") +
                         device("view", "sink", near, "none, fullscreen: true") +
                         "  second: {type: dummy-display-sink}\n",
                     "view") +
             "  - {name: joins, from: screen, to: second, enabled: false}\n");
  REQUIRE(follows(far.display(), near.display(), 1));
  const auto pools = [&] { return desk.call("memory.stats").at("pool_count").get<int>(); };
  REQUIRE(pools() == 1);
  const pid_t before = desk.pid("screen");
  ::kill(far.pid(), SIGSTOP);
  desk.call("pipelines.enable", {{"name", "joins"}});  // another consumer needs a larger pool
  REQUIRE(eventually(kPatience, [&] {
    const std::string deaths = desk.call("devices.deaths", {{"name", "screen"}}).dump();
    return deaths.find("no sign of life in 3 s") != std::string::npos;
  }));
  REQUIRE(eventually(kPatience, [&] { return pools() == 0 && desk.pid("screen") != before; }));
  CHECK(desk.state("view") == "running");
  CHECK(desk.state("second") == "running");
  ::kill(far.pid(), SIGCONT);
  desk.wait_state("screen", "running");
  CHECK(follows(far.display(), near.display(), 3));
  CHECK(eventually(kPatience, [&] { return pools() == 1; }));
}
