#include "tests/support/fake_kernel.hpp"
#include "tests/support/temp_dir.hpp"

#include <dkvm/codes.hpp>

#include <algorithm>
#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::test;

namespace {

const std::string kKeyboardSource = DKVM_BIN_DIR "/dkvm-dummy-keyboard-source";
const std::string kMouseSource = DKVM_BIN_DIR "/dkvm-dummy-mouse-source";

std::string key_line(const std::string& t, const std::string& name, bool down) {
  return "{\"t\":" + t + ",\"key\":\"" + name + "\",\"down\":" + (down ? "true" : "false") + "}\n";
}

std::uint16_t code(std::string_view name) { return *code_from_name(name); }

std::vector<Received> only(wire::Topic topic, const std::vector<Received>& frames) {
  std::vector<Received> events;
  for (const auto& frame : frames)
    if (frame.kind() == wire::FrameKind::event && frame.is(topic)) events.push_back(frame);
  return events;
}

}  // namespace

TEST_CASE("a file played once comes whole, in order and at its recorded times, then finishes") {
  const TempDir dir;
  const auto path = dir.file("keys.jsonl", key_line("0", "KEY_A", true) +
                                               key_line("0.000000001", "KEY_A", false) +
                                               key_line("0.02", "KEY_B", true));
  FakeKernel kernel({kKeyboardSource}, {{"DKVM_CONFIG_FILE", path}, {"DKVM_CONFIG_MODE", "once"}});
  kernel.greet();
  const auto keys = only(wire::Topic::key, kernel.rest());
  REQUIRE(keys.size() == 3);
  CHECK(keys[0].as<Key>().code == code("KEY_A"));
  CHECK(keys[0].as<Key>().down);
  CHECK_FALSE(keys[1].as<Key>().down);
  CHECK(keys[2].as<Key>().code == code("KEY_B"));
  const std::uint64_t start = keys[0].header.capture_ns();
  CHECK(keys[1].header.capture_ns() == start + 1);
  CHECK(keys[2].header.capture_ns() == start + 20'000'000);
  CHECK(keys[2].header.sequence() == 3);
  CHECK(kernel.wait_exit() == 0);
}

TEST_CASE("a loop lets go of what the file leaves down before it begins again") {
  const TempDir dir;
  const auto path = dir.file(
      "keys.jsonl", key_line("0", "KEY_B", true) + key_line("0.001", "KEY_A", true) +
                        key_line("0.002", "KEY_C", true) + key_line("0.002", "KEY_C", false));
  FakeKernel kernel({kKeyboardSource}, {{"DKVM_CONFIG_FILE", path}});
  kernel.greet();
  const std::pair<std::string_view, bool> expected[] = {{"KEY_B", true},  {"KEY_A", true},
                                                        {"KEY_C", true},  {"KEY_C", false},
                                                        {"KEY_A", false}, {"KEY_B", false}};
  std::uint64_t last_ns = 0;
  for (int pass = 0; pass < 3; ++pass) {
    for (const auto& [name, down] : expected) {
      const auto frame = kernel.wait(wire::FrameKind::event);
      const auto event = frame.as<Key>();
      CHECK(event.code == code(name));
      CHECK(event.down == down);
      CHECK(frame.header.capture_ns() >= last_ns);
      last_ns = frame.header.capture_ns();
    }
  }
  kernel.stop();
  kernel.wait(wire::FrameKind::stopped);
  CHECK(kernel.wait_exit() == 0);
}

TEST_CASE("a file too large to be kept is played again from the disk") {
  const TempDir dir;
  std::string content;
  constexpr int kEvents = 6000;
  for (int i = 0; i < kEvents; ++i)
    content += "{\"t\":0,\"motion\":[" + std::to_string(i) + ",0]}\n";
  FakeKernel kernel({kMouseSource}, {{"DKVM_CONFIG_FILE", dir.file("mouse.jsonl", content)},
                                     {"DKVM_CONFIG_RATE", "max"}});
  kernel.greet();
  for (int i = 0; i < 2 * kEvents + 10; ++i)
    REQUIRE(kernel.wait_event<PointerMotion>().x == i % kEvents);
}

TEST_CASE("a fixed rate sets the capture times exactly, whatever the file says") {
  const TempDir dir;
  const auto path = dir.file("mouse.jsonl", "{\"t\":5,\"motion\":[1,2]}\n");
  FakeKernel kernel({kMouseSource}, {{"DKVM_CONFIG_FILE", path}, {"DKVM_CONFIG_RATE", "8000"}});
  kernel.greet();
  const std::uint64_t start = kernel.wait(wire::FrameKind::event).header.capture_ns();
  for (std::uint64_t i = 1; i < 2000; ++i) {
    const auto frame = kernel.wait(wire::FrameKind::event);
    REQUIRE(frame.header.capture_ns() == start + i * 125'000);
    REQUIRE(frame.header.capture_ns() <= now_ns());
  }
}

TEST_CASE("a source at full speed stops while its port is paused, loses nothing and goes on") {
  const TempDir dir;
  std::string content;
  constexpr std::uint64_t kEvents = 50'000;
  for (std::uint64_t i = 0; i < kEvents; ++i)
    content += "{\"t\":0,\"motion\":[" + std::to_string(i) + ",0]}\n";
  FakeKernel kernel({kMouseSource}, {{"DKVM_CONFIG_FILE", dir.file("mouse.jsonl", content)},
                                     {"DKVM_CONFIG_MODE", "once"},
                                     {"DKVM_CONFIG_RATE", "max"}});
  const auto port = kernel.greet().ports.at(0)->id;
  double expected = 0;
  const auto take = [&](const Received& frame) {
    if (frame.kind() == wire::FrameKind::event) REQUIRE(frame.as<PointerMotion>().x == expected++);
  };
  for (int i = 0; i < 1000; ++i) take(*kernel.next());
  kernel.send({.kind = wire::FrameKind::pause, .port = port});
  // Frames are handled in order, so at the pong the source has seen the pause;
  // a second one comes with nothing between them.
  for (std::uint64_t ping = 1; ping <= 2; ++ping) {
    kernel.send({.kind = wire::FrameKind::ping, .sequence = ping});
    const double before = expected;
    for (auto frame = kernel.next(); frame->kind() != wire::FrameKind::pong; frame = kernel.next())
      take(*frame);
    if (ping == 2) CHECK(expected == before);
  }
  CHECK(expected < kEvents);
  kernel.send({.kind = wire::FrameKind::resume, .port = port});
  for (const auto& frame : kernel.rest()) take(frame);
  CHECK(expected == kEvents);
  CHECK(kernel.wait_exit() == 0);
}

TEST_CASE("what is held is said again every second") {
  const TempDir dir;
  const auto path = dir.file("mouse.jsonl",
                             "{\"t\":0,\"button\":\"BTN_RIGHT\",\"down\":true}\n"
                             "{\"t\":0,\"button\":\"BTN_LEFT\",\"down\":true}\n"
                             "{\"t\":3600,\"motion\":[1,1]}\n");
  FakeKernel kernel({kMouseSource}, {{"DKVM_CONFIG_FILE", path}});
  kernel.greet();
  const auto state = kernel.wait_event<InputState>();
  CHECK(state.pressed == std::vector{code("BTN_LEFT"), code("BTN_RIGHT")});
}

TEST_CASE("a wrong configuration or file parks the source and says where") {
  const TempDir dir;
  const auto good = dir.file("keys.jsonl", key_line("0", "KEY_A", true));
  const auto bad = dir.file("bad.jsonl", "{\"t\":0}\n");
  const auto bad_later = dir.file("later.jsonl", key_line("0", "KEY_A", true) + "{\"t\":0}\n");
  const auto backwards =
      dir.file("backwards.jsonl", key_line("1", "KEY_A", true) + key_line("0.5", "KEY_A", false));
  const auto no_such_code = dir.file("code.jsonl", "{\"t\":0,\"key\":999,\"down\":true}\n");
  const std::string no_event = "no event, expected key, button, motion, position or scroll";
  const std::pair<FakeKernel::Environment, std::string> cases[] = {
      {{}, "<3>cannot start: config key 'file' is required"},
      {{{"DKVM_CONFIG_FILE", good}, {"DKVM_CONFIG_MODE", "twice"}},
       "config key 'mode': 'twice' is not one of once, loop"},
      {{{"DKVM_CONFIG_FILE", good}, {"DKVM_CONFIG_RATE", "fast"}},
       "config key 'rate': 'fast' is not events/s from 0.001 to 10000000, recorded or max"},
      {{{"DKVM_CONFIG_FILE", bad}}, "<3>cannot start: " + bad + ":1: " + no_event},
      {{{"DKVM_CONFIG_FILE", bad_later}}, "<3>" + bad_later + ":2: " + no_event},
      {{{"DKVM_CONFIG_FILE", backwards}},
       "<3>" + backwards + ":2: \"t\" is 0.5, earlier than the line before, expected 1 or later"},
      {{{"DKVM_CONFIG_FILE", no_such_code}},
       no_such_code +
           ":1: \"key\" is 999, expected an evdev code such as \"KEY_A\", or its number"},
      {{{"DKVM_CONFIG_FILE", dir.file("empty.jsonl", "")}}, "the file has no event"},
  };
  for (const auto& [environment, message] : cases) {
    INFO(message);
    FakeKernel kernel({kKeyboardSource}, environment);
    kernel.greet();
    kernel.rest();
    CHECK(kernel.wait_exit() == kExitRefused);
    CHECK_THAT(kernel.drain_log(), Catch::Contains(message));
  }
}

TEST_CASE("a file that is not there is tried again, not parked") {
  FakeKernel kernel({kKeyboardSource}, {{"DKVM_CONFIG_FILE", "/nonexistent/keys.jsonl"}});
  kernel.greet();
  CHECK(kernel.wait_exit() == 1);
}
