#include "tests/e2e/desk.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>
#include <regex>
#include <string>

// What people read: the text of every command of dkvmctl, at a real kernel.
using namespace dkvm::test;

namespace {

const std::string kControl =
    "devices:\n"
    "  control:\n"
    "    type: control\n"
    "    grants:\n"
    "      - {target: kernel, methods: [\"devices.*\", \"pipelines.*\", \"log.*\", "
    "\"kernel.*\"]}\n";
const std::string kTyped =
    "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
    "  spare: {type: dummy-keyboard-sink, enabled: false, config: {file: spare.jsonl}}\n";
const std::string kTyping = "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n";

// A desk with a keyboard whose control device may do everything.
struct Text {
  Desk desk;
  Source keyboard{desk, "keyboard"};

  explicit Text(const std::string& grants = kControl) {
    desk.write("devices:\n" + keyboard.yaml() + kTyped + kTyping);
    std::ofstream(desk.path("control.yaml")) << grants;
    desk.launch();
  }

  Finished run(const std::string& arguments) const {
    return run_program(DKVM_BIN_DIR "/dkvmctl --timeout 15s --socket " + desk.socket() + " " +
                       arguments);
  }
};

// Whether a text has a line that is of this form as a whole.
bool has_line(const std::string& text, const std::string& form) {
  return std::regex_search(text, std::regex("(^|\n)" + form + "\n"));
}

#define CHECK_LINE(text, form)   \
  do {                           \
    INFO(text);                  \
    CHECK(has_line(text, form)); \
  } while (false)

}  // namespace

TEST_CASE("status, devices and device are read by people") {
  const Text text;
  const std::string status = text.run("status").output;
  CHECK_LINE(status, "kernel     desk, dKVM [0-9.]+");
  CHECK_LINE(status, "running    for \\d+s, pid \\d+, [0-9.]+ MiB");
  CHECK_LINE(status, "config     " + text.desk.config());
  CHECK_LINE(status, "devices    3 running, 1 stopped");
  CHECK_LINE(status, "pipelines  1, 1 edge, \\d+ events delivered, 0 dropped");

  const std::string devices = text.run("devices").output;
  CHECK_LINE(devices, "NAME +TYPE +STATE +FOR +PID +RESTARTS +CPU +MEMORY +REASON");
  CHECK_LINE(devices, "typed +dummy-keyboard-sink +running +\\d+s +\\d+ +0 +[0-9.]+s +[0-9.]+ MiB");
  CHECK_LINE(devices, "spare +dummy-keyboard-sink +stopped +\\d+s +0 +0.00s +not enabled");

  const std::string device = text.run("device typed").output;
  CHECK_LINE(device, "state        running");
  CHECK_LINE(device, "enabled      yes");
  CHECK_LINE(device, "pid          \\d+");
  CHECK_LINE(device, "PORT      DIRECTION  TOPICS");
  CHECK_LINE(device, "keyboard  sink       key");
  CHECK_LINE(text.run("device spare").output, "enabled   no");
  CHECK_LINE(text.run("device typed restart").output, "typed: stopping \\(asked by control\\)");
}

TEST_CASE("deaths and logs are read by people") {
  const Text text;
  const pid_t before = text.desk.pid("keyboard");
  text.keyboard.tell("log these are my last words");
  text.keyboard.tell("abort");
  text.desk.wait_restarted("keyboard", before);
  const std::string deaths = text.run("deaths").output;
  CHECK_LINE(deaths, " *WHEN  DEVICE    INCARNATION  LIVED  REASON");
  CHECK_LINE(deaths, "(just now|\\d+s ago)  keyboard            1     \\d+s  killed by SIGABRT");
  const std::string last = text.run("deaths keyboard").output;
  CHECK_LINE(last, "20\\d\\d-\\d\\d-\\d\\d [0-9:.]+  (just now|\\d+s ago)");
  CHECK_LINE(last, "  incarnation 1 lived \\d+s");
  CHECK_LINE(last, "  killed by SIGABRT");
  CHECK_LINE(last, "  \\| these are my last words");
  CHECK(text.run("deaths typed").output == "typed has not died\n");

  const std::string time = "20\\d\\d-\\d\\d-\\d\\d [0-9:.]+";
  const std::string logs = text.run("logs").output;
  CHECK_LINE(logs, time + "  info     keyboard      these are my last words");
  CHECK_LINE(logs, time + "  info     kernel        device typed is running");
  CHECK(text.run("logs -n 1 -d keyboard").output.find("last words") != std::string::npos);
}

TEST_CASE("pipelines and watch are read by people") {
  const Text text;
  text.keyboard.tap("KEY_A");
  REQUIRE(eventually(kPatience, [&] {
    return has_line(text.run("pipelines").output,
                    "typing +keyboard/keyboard → typed/keyboard +active +\\d+ +[1-9]\\d* .*");
  }));
  CHECK_LINE(text.run("pipelines").output,
             "PIPELINE  EDGE +STATE +IN +DELIVERED .*DEPTH +QUEUED p50/p99 +APPLIED p50/p99");
  ChildSetup setup;
  setup.command = {DKVM_BIN_DIR "/dkvmctl", "watch", "--codes", "--socket", text.desk.socket()};
  setup.out = text.desk.path("watch.out");
  const Child watch(setup);
  CHECK(eventually(kPatience, [&] {
    text.keyboard.tap("KEY_F13");
    return has_line(read_text(setup.out),
                    "[0-9:.]+  typing  keyboard/keyboard → typed/keyboard  key  down KEY_F13");
  }));
}

TEST_CASE("what does not exist is told with what may be meant") {
  const Text text;
  const auto told = [&](const std::string& arguments, const std::string& line) {
    const Finished run = text.run(arguments);
    CHECK(run.status == 1);
    CHECK(run.output == "dkvmctl: " + line + "\n");
  };
  told("logs -d typd", "log.read: not_found: there is no device 'typd' (did you mean 'typed'?)");
  told("deaths typd",
       "devices.deaths: not_found: there is no device 'typd' (did you mean 'typed'?)");
  told("device typd", "devices.get: not_found: there is no device 'typd' (did you mean 'typed'?)");
  told("watch tping",
       "pipelines.watch: not_found: there is no pipeline 'tping' (did you mean 'typing'?)");
  told("call kernel devices.lst",
       "devices.lst: not_found: the kernel has no method 'devices.lst' (did you mean "
       "'devices.list'?)");
  told("call kernl devices.list",
       "devices.list: not_found: there is no device 'kernl' (did you mean 'kernel'?)");
  told("call kernel devices.list '{\"limt\":1}'",
       "devices.list: invalid: there is no parameter 'limt', expected after or limit (did you "
       "mean 'limit'?)");
}

TEST_CASE("call, reload and stop are read by people") {
  Text text;
  CHECK_LINE(text.run("call kernel log.level '{\"level\":\"notice\"}'").output,
             "  \"level\": \"notice\"");
  CHECK(text.run("reload").output == "nothing has changed\n");
  text.desk.write("devices:\n" + text.keyboard.yaml() + "  typed: {type: dummy-keyboard-snk}\n");
  std::ofstream(text.desk.path("control.yaml")) << kControl;
  const Finished refused = text.run("reload");
  INFO(refused.output);
  CHECK(refused.status == 1);
  CHECK(has_line(refused.output, "dkvmctl: kernel.reload: invalid:"));
  CHECK(has_line(refused.output, text.desk.config() + ":5:\\d+: .*dummy-keyboard-snk.*"));

  const Finished stopped = text.run("stop");
  CHECK(stopped.output == "the kernel has stopped\n");
  CHECK(stopped.status == 0);
  CHECK(text.desk.kernel().ended() == 0);
}

TEST_CASE("a missing grant is named with the device that lacks it") {
  const Text text(
      "devices:\n  door:\n    type: control\n    grants:\n"
      "      - {target: kernel, methods: [devices.list, devices.get]}\n");
  const Finished status = text.run("status");
  INFO(status.output);
  CHECK(status.status == 1);
  CHECK(has_line(status.output, "devices  3 running, 1 stopped"));
  CHECK(has_line(status.output, "In kvm.yaml, the `grants` of device 'door' lack:"));
  CHECK(has_line(status.output,
                 "  - \\{target: kernel, methods: \\[kernel.info, pipelines.list\\]\\}"));
}
