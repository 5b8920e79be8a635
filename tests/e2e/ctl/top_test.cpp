#include "tests/e2e/ctl/pty.hpp"
#include "tests/e2e/desk.hpp"
#include "tools/dkvmctl/format.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

// `dkvmctl top` at a real terminal and a real kernel.
using namespace dkvm::test;

namespace {

const std::string kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";

struct Top {
  Desk desk;
  Source keyboard{desk, "keyboard"};
  std::unique_ptr<Pty> terminal;

  Top() {
    desk.write("devices:\n" + keyboard.yaml() +
               "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
               "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n");
    desk.launch();
    terminal = std::make_unique<Pty>(
        std::vector<std::string>{DKVM_BIN_DIR "/dkvmctl", "--socket", desk.socket(), "top",
                                 "--interval", "100ms", "--sort", "name"},
        static_cast<unsigned short>(120), static_cast<unsigned short>(30));
  }

  bool shows(const std::string& text) {
    for (const std::string& line : terminal->picture())
      if (line.find(text) != std::string::npos) return true;
    return false;
  }
  bool shows_soon(const std::string& text) {
    return eventually(kPatience, [&] { return shows(text); });
  }
  int status() {
    CHECK(eventually(kPatience, [&] { return terminal->ended().has_value(); }));
    return terminal->ended().value_or(-1);
  }
  void check_restored() {
    CHECK(terminal->is_as_before());
    CHECK(terminal->written().find(kLeave) != std::string::npos);
  }
};

std::size_t widest(const std::vector<std::string>& lines) {
  std::size_t width = 0;
  for (const std::string& line : lines) width = std::max(width, dkvm::ctl::width_of(line));
  return width;
}

}  // namespace

TEST_CASE("top shows the kernel, its devices and its edges, and goes on") {
  Top top;
  REQUIRE(top.shows_soon("desk, dKVM "));
  CHECK_FALSE(top.terminal->is_as_before());
  CHECK(top.shows("DEVICE"));
  CHECK(top.shows("typed"));
  CHECK(top.shows("keyboard/keyboard → typed/keyboard"));
  top.keyboard.tap("KEY_A");
  CHECK(top.shows_soon("µs"));
  top.desk.kill("typed", SIGKILL);
  CHECK(top.shows_soon("RESTARTS"));
  top.terminal->press("q");
  CHECK(top.status() == 0);
  top.check_restored();
}

TEST_CASE("top follows the size of its terminal, and never draws beyond it") {
  Top top;
  REQUIRE(top.shows_soon("q quits"));
  top.terminal->resize(40, 8);
  REQUIRE(eventually(kPatience, [&] {
    const auto lines = top.terminal->picture();
    return widest(lines) <= 40 && lines.size() <= 8;
  }));
  top.terminal->resize(120, 30);
  CHECK(top.shows_soon("l:latency"));
  top.terminal->press("\x03");  // Ctrl-C
  CHECK(top.status() == 0);
  top.check_restored();
}

TEST_CASE("keys sort what top shows") {
  Top top;
  REQUIRE(top.shows_soon("c:cpu"));
  const auto chosen = [&](const char* words) {
    return eventually(kPatience, [&] {
      return top.terminal->written().rfind(std::string("\x1b[1m") + words) != std::string::npos;
    });
  };
  CHECK(chosen("n:name"));
  top.terminal->press("m");
  CHECK(chosen("m:memory"));
  top.terminal->press("d");
  CHECK(chosen("d:drops"));
}

TEST_CASE("whatever ends top, the terminal is as it was") {
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
    Top top;
    REQUIRE(top.shows_soon("q quits"));
    top.terminal->signal(number);
    INFO(number);
    CHECK(top.status() == 0);
    top.check_restored();
  }
}

TEST_CASE("top says that its kernel is gone, on a terminal that is as it was") {
  Top top;
  REQUIRE(top.shows_soon("q quits"));
  top.desk.kernel().signal(SIGKILL);
  CHECK(top.status() == 3);
  top.check_restored();
  const std::string& written = top.terminal->written();
  CHECK(written.find("connection was lost", written.rfind(kLeave)) != std::string::npos);
}

TEST_CASE("without a terminal top prints one look, or says what to do") {
  Top top;
  const Finished once =
      run_program(DKVM_BIN_DIR "/dkvmctl --socket " + top.desk.socket() + " top --once");
  INFO(once.output);
  CHECK(once.status == 0);
  CHECK(once.output.find("keyboard/keyboard → typed/keyboard") != std::string::npos);
  CHECK(once.output.find('\x1b') == std::string::npos);
  const Finished refused =
      run_program(DKVM_BIN_DIR "/dkvmctl --socket " + top.desk.socket() + " top");
  CHECK(refused.status == 2);
  CHECK(refused.output.find("--once") != std::string::npos);
}
