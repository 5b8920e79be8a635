#include "tests/support/fake_kernel.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

using namespace dkvm;
using namespace dkvm::test;

namespace {

const std::string kKeyboardSink = DKVM_BIN_DIR "/dkvm-dummy-keyboard-sink";
const std::string kMouseSink = DKVM_BIN_DIR "/dkvm-dummy-mouse-sink";
const std::string kKeyboardSource = DKVM_BIN_DIR "/dkvm-dummy-keyboard-source";
const std::string kMouseSource = DKVM_BIN_DIR "/dkvm-dummy-mouse-source";

constexpr std::uint16_t kPort = 1;
constexpr std::uint16_t kA = 30;
constexpr std::uint16_t kLeftCtrl = 29;
constexpr std::uint16_t kLeft = 0x110;

const std::string kADown = "{\"t\":0,\"key\":\"KEY_A\",\"down\":true}\n";

// Carries everything that a source sends to a sink, as a kernel does.
void relay(const std::string& source, const std::string& from, const std::string& sink,
           const std::string& to) {
  FakeKernel producer({source}, {{"DKVM_CONFIG_FILE", from}, {"DKVM_CONFIG_MODE", "once"}});
  FakeKernel consumer({sink}, {{"DKVM_CONFIG_FILE", to}});
  producer.greet();
  consumer.greet();
  for (const auto& frame : producer.rest())
    if (frame.kind() == wire::FrameKind::event && !frame.is(wire::Topic::input_state))
      consumer.send(consumer.next_event(kPort, frame.header.topic(), frame.header.capture_ns()),
                    frame.payload);
  CHECK(producer.wait_exit() == 0);
  consumer.wait_applied(kPort);
  consumer.stop();
  CHECK(consumer.wait_exit() == 0);
}

}  // namespace

TEST_CASE("what a sink wrote and a source plays gives the same file, byte for byte") {
  const TempDir dir;
  const std::string keys =
      kADown +
      "{\"t\":0.000000001,\"key\":\"KEY_A\",\"down\":false,\"text\":\"\\u0007\u20ac\\\"\"}\n"
      "{\"t\":0.012345678,\"key\":\"KEY_RESERVED\",\"down\":true}\n"
      "{\"t\":0.0124,\"key\":767,\"down\":true}\n"
      "{\"t\":0.05,\"key\":767,\"down\":false}\n"
      "{\"t\":0.05,\"key\":\"KEY_RESERVED\",\"down\":false}\n";
  relay(kKeyboardSource, dir.file("keys", keys), kKeyboardSink, dir.file("keys.out"));
  CHECK(read_file(dir.file("keys.out")) == keys);

  const std::string moves =
      "{\"t\":0,\"motion\":[0.1,-3]}\n"
      "{\"t\":0.001,\"position\":[1279.5,1e+22],\"size\":[1280,4294967295]}\n"
      "{\"t\":0.002,\"button\":\"BTN_LEFT\",\"down\":true}\n"
      "{\"t\":0.002,\"scroll\":[-2147483648,120]}\n"
      "{\"t\":0.04,\"button\":\"BTN_LEFT\",\"down\":false}\n";
  relay(kMouseSource, dir.file("moves", moves), kMouseSink, dir.file("moves.out"));
  CHECK(read_file(dir.file("moves.out")) == moves);
}

TEST_CASE("what is reported as applied is in the file") {
  const TempDir dir;
  const auto path = dir.file("keys.jsonl");
  FakeKernel kernel({kKeyboardSink}, {{"DKVM_CONFIG_FILE", path}});
  kernel.greet();
  const std::uint64_t begin = now_ns();
  std::string expected;
  for (std::uint64_t i = 0; i < 200; ++i) {
    kernel.event(kPort, key(kA, i % 2 == 0), begin + i * 1'000'000'000);
    expected += "{\"t\":" + std::to_string(i) +
                ",\"key\":\"KEY_A\",\"down\":" + (i % 2 == 0 ? "true" : "false") + "}\n";
    if (i % 50 != 49) continue;
    kernel.wait_applied(kPort);
    ::kill(kernel.pid(), SIGSTOP);  // it cannot write any more
    CHECK(read_file(path) == expected);
    ::kill(kernel.pid(), SIGCONT);
  }
}

TEST_CASE("a sink lets go of what is down when it is stopped, loses its kernel or gets SIGTERM") {
  const std::function<void(FakeKernel&)> ends[] = {
      [](FakeKernel& kernel) { kernel.stop(); },
      [](FakeKernel& kernel) { kernel.close(); },
      [](FakeKernel& kernel) { ::kill(kernel.pid(), SIGTERM); },
  };
  for (const auto& end : ends) {
    const TempDir dir;
    FakeKernel kernel({kMouseSink}, {{"DKVM_CONFIG_FILE", dir.file("mouse.jsonl")}});
    kernel.greet();
    kernel.event(kPort, button(kLeft, true));
    kernel.wait_applied(kPort);
    end(kernel);
    CHECK(kernel.wait_exit() == 0);
    const auto content = read_file(dir.file("mouse.jsonl"));
    CHECK_THAT(content, Catch::StartsWith("{\"t\":0,\"button\":\"BTN_LEFT\",\"down\":true}\n"));
    CHECK_THAT(content, Catch::EndsWith("\"button\":\"BTN_LEFT\",\"down\":false}\n"));
  }
}

TEST_CASE("a sink that is started again continues its file, later and never earlier") {
  const TempDir dir;
  const auto path =
      dir.file("keys.jsonl", "{\"t\":7,\"key\":\"KEY_A\",\"down\":true}\n{\"t\":8,\"ke");
  FakeKernel kernel({kKeyboardSink},
                    {{"DKVM_CONFIG_FILE", path}, {"DKVM_CONFIG_MODE", "truncate"}});
  auto welcome = FakeKernel::default_welcome();
  welcome.incarnation = 2;
  kernel.greet(welcome);
  kernel.event(kPort, key(kA, false), 1);  // captured long ago
  kernel.event(kPort, key(kA, true));
  kernel.wait_applied(kPort);
  const auto content = read_file(path);
  CHECK_THAT(content, Catch::StartsWith("{\"t\":7,\"key\":\"KEY_A\",\"down\":true}\n"
                                        "{\"t\":7,\"key\":\"KEY_A\",\"down\":false}\n{\"t\":7."));
}

TEST_CASE("truncate begins a new file with the kernel's first start of the sink") {
  const TempDir dir;
  const auto path = dir.file("keys.jsonl", "{\"t\":7,\"key\":\"KEY_B\",\"down\":true}\n");
  FakeKernel kernel(
      {kKeyboardSink},
      {{"DKVM_CONFIG_FILE", path}, {"DKVM_CONFIG_MODE", "truncate"}, {"DKVM_CONFIG_SYNC", "true"}});
  kernel.greet();
  kernel.event(kPort, key(kA, true));
  kernel.wait_applied(kPort);
  CHECK(read_file(path) == kADown);
}

TEST_CASE("cleanup appends the releases to what a killed sink left, mending its last line") {
  const TempDir dir;
  const auto path = dir.file("keys.jsonl", kADown + "{\"t\":0.5,\"key\":\"KEY_LE");
  FakeKernel cleaner({kKeyboardSink, "--cleanup"},
                     {{"DKVM_CONFIG_FILE", path}, {"DKVM_CLEANUP_CODES", "30,29"}});
  CHECK(cleaner.wait_exit() == 0);
  const auto content = read_file(path);
  CHECK_THAT(content, Catch::StartsWith(kADown + "{\"t\":"));
  CHECK_THAT(content, Catch::Contains("\"key\":\"KEY_A\",\"down\":false}\n"));
  CHECK_THAT(content, Catch::EndsWith("\"key\":\"KEY_LEFTCTRL\",\"down\":false}\n"));
  CHECK_THAT(content, !Catch::Contains("KEY_LE\n") && !Catch::Contains("KEY_LE{"));
}

TEST_CASE("a sink killed at any moment leaves a file that the next one continues") {
  const TempDir dir;
  const auto path = dir.file("keys.jsonl");
  for (std::uint32_t incarnation = 1; incarnation <= 5; ++incarnation) {
    FakeKernel kernel({kKeyboardSink}, {{"DKVM_CONFIG_FILE", path}});
    auto welcome = FakeKernel::default_welcome();
    welcome.incarnation = incarnation;
    kernel.greet(welcome);
    for (int i = 0; i < 2000; ++i) kernel.event(kPort, key(kLeftCtrl, i % 2 == 0));
    kernel.wait(wire::FrameKind::applied);
    ::kill(kernel.pid(), SIGKILL);
    CHECK(kernel.wait_exit() == -SIGKILL);
  }
  FakeKernel player(
      {kKeyboardSource},
      {{"DKVM_CONFIG_FILE", path}, {"DKVM_CONFIG_MODE", "once"}, {"DKVM_CONFIG_RATE", "max"}});
  FakeKernel cleaner({kKeyboardSink, "--cleanup"}, {{"DKVM_CONFIG_FILE", path}});
  CHECK(cleaner.wait_exit() == 0);
  player.greet();
  CHECK(player.rest().size() >= 5);
  CHECK(player.wait_exit() == 0);
}

TEST_CASE("a slow mouse sink asks the kernel to wait, answers pings and loses nothing") {
  const TempDir dir;
  const auto path = dir.file("mouse.jsonl");
  FakeKernel kernel({kMouseSink}, {{"DKVM_CONFIG_FILE", path}, {"DKVM_CONFIG_DELAY", "5ms"}});
  kernel.greet();
  for (int i = 0; i < 20; ++i) kernel.event(kPort, motion_by(i, 0));
  CHECK(kernel.wait(wire::FrameKind::pause).header.port() == kPort);
  kernel.send({.kind = wire::FrameKind::ping, .sequence = 5});
  CHECK(kernel.wait(wire::FrameKind::pong).header.sequence() == 5);
  CHECK(kernel.wait(wire::FrameKind::applied).header.sequence() < 20);
  CHECK(kernel.wait(wire::FrameKind::resume).header.port() == kPort);
  kernel.wait_applied(kPort);
  const auto content = read_file(path);
  CHECK(std::count(content.begin(), content.end(), '\n') == 20);
}

TEST_CASE("a slow mouse sink that is stopped applies what it has taken") {
  const TempDir dir;
  const auto path = dir.file("mouse.jsonl");
  FakeKernel kernel({kMouseSink}, {{"DKVM_CONFIG_FILE", path}, {"DKVM_CONFIG_DELAY", "1h"}});
  kernel.greet();
  kernel.event(kPort, motion_by(1, 1));
  kernel.event(kPort, button(kLeft, true));
  kernel.stop();
  kernel.wait_applied(kPort);
  kernel.wait(wire::FrameKind::stopped);
  CHECK(kernel.wait_exit() == 0);
  const auto content = read_file(path);
  CHECK_THAT(content, Catch::Contains("[1,1]") && Catch::Contains("true") &&
                          Catch::EndsWith("\"button\":\"BTN_LEFT\",\"down\":false}\n"));
}

TEST_CASE("a sink whose disk is full ends with the reason and reports nothing as applied") {
  FakeKernel kernel({kKeyboardSink}, {{"DKVM_CONFIG_FILE", "/dev/full"}});
  kernel.greet();
  kernel.event(kPort, key(kA, true));
  for (const auto& frame : kernel.rest()) CHECK(frame.kind() != wire::FrameKind::applied);
  CHECK(kernel.wait_exit() == 1);
  CHECK_THAT(kernel.drain_log(), Catch::Contains("writing '/dev/full': No space left on device"));
}

TEST_CASE("a sink refuses a file that is not its own and leaves it as it is") {
  const TempDir dir;
  for (const std::string content : {"dear diary\n", "my precious notes"}) {
    const auto path = dir.file("notes.txt", content);
    FakeKernel kernel({kKeyboardSink}, {{"DKVM_CONFIG_FILE", path}});
    kernel.greet();
    CHECK(kernel.wait_exit() == kExitRefused);
    CHECK_THAT(kernel.drain_log(), Catch::Contains("'" + path + "', last line: no valid JSON"));
    CHECK(read_file(path) == content);
  }
}

TEST_CASE("times in a sink's file do not go backwards, whatever was captured first") {
  const TempDir dir;
  const auto path = dir.file("keys.jsonl");
  FakeKernel kernel({kKeyboardSink}, {{"DKVM_CONFIG_FILE", path}});
  kernel.greet();
  const std::uint64_t begin = now_ns();
  kernel.event(kPort, key(kA, true), begin);
  kernel.event(kPort, key(kLeftCtrl, true), begin + 2'000'000'000);
  kernel.event(kPort, key(kA, false), begin + 1'000'000'000);  // of a slower source
  kernel.wait_applied(kPort);
  CHECK(read_file(path) == kADown +
                               "{\"t\":2,\"key\":\"KEY_LEFTCTRL\",\"down\":true}\n"
                               "{\"t\":2,\"key\":\"KEY_A\",\"down\":false}\n");
}
