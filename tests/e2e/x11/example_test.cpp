// config/examples/desk.yaml and laptop.yaml, as they are, on two desktops.

#include "tests/e2e/examples.hpp"
#include "tests/e2e/x11/x_desks.hpp"
#include "tests/support/free_port.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "tests/integration/x11/person.hpp"

using namespace dkvm::test;

namespace {

constexpr std::uint16_t kCtrl = 29, kAlt = 56, kOne = 2, kTwo = 3, kA = 30;

struct ExampleDesks {
  // Ends last: what a desk leaves behind it takes for its own, X servers too.
  Desk desk{"desk"};
  Desk laptop{"laptop"};
  Xvfb near{"1280x720x24"}, far{"1280x720x24"};
  Person fingers{near.display()};
  Person watcher{far.display()};

  ExampleDesks() {
    const std::string at = "127.0.0.1:" + std::to_string(free_port());
    prepare(desk, near, "desk",
            replaced(example_text("desk.yaml"), "type: tcp-server\n",
                     "type: tcp-server\n    config: {listen: \"" + at + "\"}\n"));
    prepare(laptop, far, "laptop", replaced(example_text("laptop.yaml"), "desk.local ", at));
    trust_each_other({"desk", desk.path("identity")}, {"laptop", laptop.path("identity")});
    desk.launch();
    laptop.launch();
  }

  // On that screen, with folders of its own where a user has one set.
  static void prepare(Desk& at, const Xvfb& screen, const std::string& name,
                      const std::string& yaml) {
    at.write("");
    std::ofstream(at.config()) << yaml;
    std::filesystem::create_directories(at.path("session/dkvm"));
    std::filesystem::create_directory_symlink(at.path("session/dkvm"), at.path("run"));
    at.set("DISPLAY", screen.display());
    at.set("XDG_RUNTIME_DIR", at.path("session"));
    at.set("DKVM_IDENTITY", at.path("identity"));
    run_dkvmctl("identity make --name " + name + " --folder " + at.path("identity"));
  }

  void chord(std::uint16_t last) {
    for (const std::uint16_t code : {kCtrl, kAlt, last}) fingers.key(code, true);
    for (const std::uint16_t code : {last, kAlt, kCtrl}) fingers.key(code, false);
  }
  // By the hotkey, which counts once the link is there.
  bool goes_to(const std::string& target, std::uint16_t last) {
    return eventually(kPatience, [&] {
      chord(last);
      return Seats::input_is_at(desk) == target;
    });
  }
  std::uint64_t delivered(const std::string& pipeline) {
    return desk.call("pipelines.stats", {{"name", pipeline}}).at("edges").at(0).at("delivered");
  }
  std::string logs() { return desk.log() + "\n---\n" + laptop.log(); }
};

}  // namespace

TEST_CASE("The example's desk types on its laptop, and sees and hears it") {
  ExampleDesks it;
  REQUIRE(it.goes_to("laptop", kTwo));
  const bool pressed = eventually(kPatience, [&] {
    it.fingers.key(kA, true);
    const bool there = eventually(kStuckMax, [&] { return it.watcher.down() == std::vector{+kA}; });
    it.fingers.key(kA, false);
    return there;
  });
  const bool released = eventually(kStuckMax, [&] { return it.watcher.down().empty(); });
  INFO(it.logs());
  CHECK(pressed);
  CHECK(released);
  CHECK(eventually(kPatience, [&] { return it.delivered("picture") > 0; }));
  CHECK(eventually(kPatience, [&] { return it.delivered("heard") > 50; }));
  CHECK(it.goes_to("local", kOne));
  CHECK(it.fingers.down().empty());
  CHECK(it.watcher.down().empty());
  for (Desk* each : {&it.laptop, &it.desk}) {
    each->kernel().signal(SIGTERM);
    CHECK(each->exit_status(kPatience) == 0);
  }
  CHECK(std::filesystem::file_size(it.desk.path("laptop-sound.wav")) > 1000);
}
