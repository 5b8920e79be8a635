#include "tests/support/fake_kernel.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr std::uint16_t kIn = 1;

// What the device wrote to its log after it had started.
std::string log_after_start(FakeKernel& kernel) {
  const std::string& log = kernel.drain_log();
  return log.substr(log.find('\n') + 1);
}

const std::string kKeyboardSink = DKVM_BIN_DIR "/dkvm-dummy-keyboard-sink";
const std::string kCtrlUp = "\"key\":\"KEY_LEFTCTRL\",\"down\":false}\n";

}  // namespace

TEST_CASE("on stop a device lets go, stops, reports what it has applied, and says stopped") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  kernel.event(kIn, key(30, true));
  kernel.stop();
  std::vector<wire::FrameKind> kinds;
  for (const auto& frame : kernel.rest()) kinds.push_back(frame.kind());
  CHECK(kinds ==
        std::vector{wire::FrameKind::event, wire::FrameKind::applied, wire::FrameKind::stopped});
  CHECK(kernel.wait_exit() == 0);
  CHECK(log_after_start(kernel) == "<6>let go\n<6>stop\n");
}

TEST_CASE("a device whose kernel is gone lets go and ends well") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  CHECK(kernel.call("echo").code == wire::Code::ok);
  kernel.close();
  CHECK(kernel.wait_exit() == 0);
  CHECK(log_after_start(kernel) == "<6>let go\n<6>stop\n");
}

TEST_CASE(
    "a device that gets SIGTERM or SIGHUP lets go, reports what it has applied, and ends well") {
  const int signal = GENERATE(SIGTERM, SIGHUP);
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  kernel.event(kIn, key(30, true));
  kernel.wait_event<Key>();
  ::kill(kernel.pid(), signal);
  kernel.wait_applied(kIn);
  CHECK(kernel.wait_exit() == 0);
  CHECK(log_after_start(kernel) == "<6>let go\n<6>stop\n");
}

TEST_CASE("a device that is not welcomed yet ends as well") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.wait(wire::FrameKind::hello);
  ::kill(kernel.pid(), SIGTERM);
  CHECK(kernel.wait_exit() == 0);
  CHECK(kernel.drain_log().empty());
}

TEST_CASE("a kernel that is silent while a key is down is let go of, and told so") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  kernel.event(kIn, key(30, true));
  const auto told = kernel.wait(wire::FrameKind::upstream);
  CHECK(told.header.port() == kIn);
  CHECK(told.as<InputState>().pressed.empty());
  CHECK_THAT(kernel.drain_log(),
             Catch::Contains("<4>the kernel is silent") && Catch::Contains("<6>let go\n"));
  CHECK(kernel.call("echo", "and on").body == "testerand on");
}

TEST_CASE("a device whose log nobody reads any more lets go and stops all the same") {
  const TempDir dir;
  FakeKernel kernel({DKVM_PROBE}, {{"PROBE_DONE", dir.file("done")}});
  kernel.greet();
  kernel.event(kIn, key(29, true));
  kernel.wait_applied(kIn);
  kernel.close_log();
  kernel.close();
  CHECK(kernel.wait_exit() == 0);
  CHECK(read_file(dir.file("done")) == "let go\nstop\n");
}

TEST_CASE("a sink lets go of what is down while its log is full, and logs then") {
  const TempDir dir;
  const auto path = dir.file("keys.jsonl");
  const bool silent = GENERATE(true, false);
  INFO((silent ? "a silent kernel" : "a damaged stream"));
  FakeKernel kernel({kKeyboardSink}, {{"DKVM_CONFIG_FILE", path}});
  kernel.greet();
  kernel.fill_log();
  kernel.event(kIn, key(29, true));
  kernel.wait_applied(kIn);
  if (!silent) kernel.send_bytes(std::vector<std::byte>(64, std::byte{0xFF}));
  const auto end = std::chrono::steady_clock::now() + kWaitMax;
  while (read_file(path).find(kCtrlUp) == std::string::npos) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    ::poll(nullptr, 0, 2);
  }
  kernel.wait_log(silent ? "<4>the kernel is silent" : "<3>");
}

TEST_CASE("a key that is up again is no reason to fear silence") {
  FakeKernel kernel({DKVM_PROBE});
  auto welcome = FakeKernel::default_welcome();
  welcome.silence_ms = 1;
  kernel.greet(welcome);
  kernel.event(kIn, key(30, true));
  kernel.event(kIn, key(30, false));
  kernel.event(kIn, key(31, true));
  // The second silence is the one that tells: were the first key still held,
  // there would be two.
  kernel.wait(wire::FrameKind::upstream);
  kernel.stop();
  for (const auto& frame : kernel.rest()) CHECK(frame.kind() != wire::FrameKind::upstream);
}

TEST_CASE("stray output lands in the log and leaves the stream alone") {
  FakeKernel kernel({DKVM_PROBE});
  kernel.greet();
  CHECK(kernel.call("print").body == "printed");
  CHECK_THAT(kernel.drain_log(),
             Catch::Contains("stray output\n") && Catch::Contains("more of it\n"));
}
