#include "tests/e2e/desk.hpp"
#include "tests/e2e/sink_file.hpp"
#include "tests/support/seed.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <csignal>
#include <random>
#include <set>
#include <string>

using namespace dkvm::test;

namespace {

const std::array<std::string, 5> kCodes = {"KEY_LEFTCTRL", "KEY_LEFTSHIFT", "KEY_A", "KEY_B",
                                           "KEY_C"};

bool is_modifier(const std::string& code) { return code.starts_with("KEY_LEFT"); }

// Presses and releases by chance, and knows what is down.
class Typist {
 public:
  Typist(const Source& keyboard, std::mt19937& random) : keyboard_(keyboard), random_(random) {}

  void type(std::size_t events) {
    for (std::size_t i = 0; i < events; ++i) {
      const std::string& code = kCodes[random_() % kCodes.size()];
      if (down_.erase(code) != 0) {
        keyboard_.up(code);
      } else {
        down_.insert(code);
        keyboard_.down(code);
      }
    }
  }
  void let_go() {
    for (const std::string& code : down_) keyboard_.up(code);
    down_.clear();
  }
  const std::set<std::string>& down() const { return down_; }

 private:
  const Source& keyboard_;
  std::mt19937& random_;
  std::set<std::string> down_;
};

}  // namespace

TEST_CASE("A sink killed at any instant leaves nothing down that nobody holds") {
  constexpr int kKills = 20;
  const std::uint32_t seed = seed_of_the_run();
  INFO(again_with(seed));
  std::mt19937 random(seed);
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml() +
             "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}, restart: {initial: "
             "10ms, factor: 1}}\n"
             "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n");
  Typist typist(keyboard, random);
  pid_t sink = desk.pid("typed");
  for (int kill = 0; kill < kKills; ++kill) {
    INFO("kill " << kill);
    typist.type(random() % 60);
    ::kill(sink, SIGKILL);
    typist.type(random() % 20);
    // Each of its modifiers is down, of its other keys only what was pressed since.
    const auto as_held = [&] {
      for (const std::string& code : kCodes) {
        const bool down = typed.down().contains(code);
        if (is_modifier(code) ? down != typist.down().contains(code)
                              : down && !typist.down().contains(code))
          return false;
      }
      return true;
    };
    sink = desk.wait_restarted("typed", sink);
    CHECK(eventually(kStuckMax, as_held));
    typed.mark();
    keyboard.tap("KEY_D");  // behind everything else
    REQUIRE(eventually(kPatience, [&] { return typed.count("KEY_D", false) == 1; }));
    CHECK(as_held());
  }
  typist.let_go();
  CHECK(eventually(kStuckMax, [&] { return typed.has({}); }));
}

TEST_CASE("A source killed at any instant leaves nothing down") {
  constexpr int kKills = 20;
  const std::uint32_t seed = seed_of_the_run();
  INFO(again_with(seed));
  std::mt19937 random(seed);
  Desk desk;
  const Source keyboard(desk, "keyboard");
  const Source steady(desk, "steady");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.start("devices:\n" + keyboard.yaml(", restart: {initial: 10ms, factor: 1}") + steady.yaml() +
             "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
             "pipelines:\n"
             "  - {name: typing, from: [keyboard/keyboard, steady/keyboard], to: typed}\n");
  steady.down("KEY_LEFTALT");
  pid_t source = desk.pid("keyboard");
  for (int kill = 0; kill < kKills; ++kill) {
    INFO("kill " << kill);
    Typist typist(keyboard, random);
    typist.type(random() % 60);
    ::kill(source, SIGKILL);
    source = desk.wait_restarted("keyboard", source);
    // What it had not read yet is its successor's to type.
    typist.let_go();
    typed.mark();
    keyboard.tap("KEY_D");
    REQUIRE(eventually(kPatience, [&] { return typed.count("KEY_D", false) == 1; }));
    CHECK(typed.has({"KEY_LEFTALT"}));
    CHECK(typed.count("KEY_LEFTALT", false) == 0);
  }
}
