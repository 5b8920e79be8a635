#include "tests/integration/control/ctl_run.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/file.h>

#include <csignal>

using namespace dkvm;
using namespace dkvm::test;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Desk {
  Desk() {
    furnish(kernel);
    REQUIRE(kernel.ready());
  }
  // What a command prints that ends well.
  std::string output(const std::vector<std::string>& arguments) {
    CtlRun run(kernel, arguments);
    const int code = run.exit_code();
    CAPTURE(run.err());
    REQUIRE(code == 0);
    CHECK(run.err().empty());
    return run.out();
  }
  nlohmann::json json(const std::vector<std::string>& arguments) {
    const auto document = nlohmann::json::parse(output(arguments), nullptr, false);
    REQUIRE_FALSE(document.is_discarded());
    return document;
  }

  TempDir directory;
  FakeKernel kernel{directory.path()};
};

}  // namespace

TEST_CASE("status tells how the kernel is and which devices are in trouble") {
  Desk desk;
  CHECK(desk.output({"status"}) ==
        "kernel     desk, dKVM 0.1.0\n"
        "running    for 3h 12m, pid 4242, 12.3 MiB\n"
        "config     /etc/dkvm/kvm.yaml\n"
        "socket     " +
            desk.kernel.socket() +
            "\n"
            "devices    1 running, 1 backoff, 1 failed\n"
            "pipelines  4 (1 disabled), 3 edges, 1,234,560 events delivered, 7 dropped\n"
            "\n"
            "DEVICE    STATE    FOR     REASON\n"
            "recorder  backoff  1s      killed by SIGSEGV, next start in 2s\n"
            "pedal     failed   3m 10s  exit status 125: it refuses to be started again\n");
  const auto status = desk.json({"status", "--json"});
  CHECK(status["kernel"]["pid"] == 4242);
  CHECK(status["devices"].size() == 3);
  CHECK(status["pipelines"].size() == 4);
}

TEST_CASE("status says when the kernel is of another version") {
  Desk desk;
  desk.kernel.on("kernel.info", R"({"name":"desk","version":"9.8.7"})");
  CtlRun run(desk.kernel, {"status"});
  CHECK(run.exit_code() == 0);
  CHECK(has(run.out(), "desk, dKVM 9.8.7\n"));
  CHECK(has(run.err(), "dkvmctl: the kernel is dKVM 9.8.7, this dkvmctl 0."));
}

TEST_CASE("devices shows all pages as one table") {
  Desk desk;
  CHECK(desk.output({"devices"}) ==
        "NAME      TYPE                   STATE       FOR   PID  RESTARTS    CPU   MEMORY  REASON\n"
        "keyboard  dummy-keyboard-source  running  3h 11m  4250         0  1.23s  4.2 MiB\n"
        "recorder  dummy-keyboard-sink    backoff      1s               2  0.01s           "
        "killed by SIGSEGV, next start in 2s\n"
        "pedal     acme-pedal             failed   3m 10s               0  0.00s           "
        "exit status 125: it refuses to be started again\n");
  const auto devices = desk.json({"--json", "devices"});
  CHECK(devices["devices"][2]["name"] == "pedal");
}

TEST_CASE("device shows one device, and starts, stops and restarts it") {
  Desk desk;
  const std::string details = desk.output({"device", "keyboard"});
  CHECK(has(details, "state        running\n"));
  CHECK(has(details,
            "PORT      DIRECTION  TOPICS\n"
            "keyboard  source     key, input_state\n"
            "leds      sink       *\n"));
  const auto keyboard = desk.json({"device", "keyboard", "--json"});
  CHECK(keyboard["name"] == "keyboard");
  CHECK(keyboard["ports"].size() == 2);
  CHECK_FALSE(keyboard.contains("next"));
  CHECK(desk.output({"device", "recorder", "restart"}) ==
        "recorder: backoff (killed by SIGSEGV, next start in 2s)\n");
  CHECK(desk.kernel.requests.back().method == "devices.restart");
  CHECK(desk.kernel.requests.back().body == R"({"name":"recorder"})");
}

TEST_CASE("deaths lists them, and for one device tells the log without its escapes") {
  Desk desk;
  const std::string list = desk.output({"deaths"});
  CHECK(has(list, "DEVICE    INCARNATION  LIVED  STATUS             REASON\n"));
  CHECK(has(list, "recorder            2  1m 2s  killed by SIGABRT  no sign of life in 3000 ms\n"));
  const std::string full = desk.output({"deaths", "recorder"});
  CHECK(has(full, "2026-01-02 03:04:05.678"));
  CHECK(
      has(full, "  incarnation 2 lived 1m 2s\n  no sign of life in 3000 ms (killed by SIGABRT)\n"));
  CHECK(has(full, "  | opening keys.jsonl\n  | \\x1b[31mlast words\n"));
  CHECK(desk.json({"deaths", "--json"})["deaths"][0]["id"] == "000000000005");
}

TEST_CASE("pipelines shows the counts and latencies of each edge") {
  Desk desk;
  const std::string table = desk.output({"pipelines"});
  CHECK(has(table,
            "typing    keyboard/keyboard → recorder/keyboard  active    1,234,567  1,234,560"
            "        7     1  0 (max 31)   18 µs / 96 µs   41 µs / 1.2 ms\n"));
  CHECK(has(table, "mousing   mouse/mouse → recorder/mouse           disabled"));
  CHECK(has(table, "mousing   mouse/mouse → moved/mouse              disabled"));
  CHECK_FALSE(has(table, "removed"));
  CHECK(has(table, "talking                                          waiting"));
  CHECK(has(table, "missing: microphone\n"));
  CHECK_FALSE(has(table, "COALESCED"));
  const auto pipelines = desk.json({"pipelines", "--json"})["pipelines"];
  CHECK(pipelines.size() == 3);
  CHECK(pipelines[1]["edges"].size() == 2);
}

TEST_CASE("call, reload and stop") {
  Desk desk;
  desk.kernel.on("echo", [](const auto& call) { return Answer(call.body); });
  CHECK(desk.json({"call", "keyboard", "echo", R"({"a": [1, 2.50]})"})["a"][1] == 2.5);
  CHECK(desk.kernel.requests.back().target == "keyboard");
  CHECK(desk.kernel.requests.back().body == R"({"a": [1, 2.50]})");
  CHECK(desk.output({"reload"}) == "started   mouse\nchanged   keyboard\n1 pipeline changed\n");
  CHECK(desk.json({"reload", "--json"})["pipelines_changed"] == 1);
  CHECK(desk.output({"stop", "--no-wait"}) == "the kernel stops\n");
  CHECK(desk.kernel.requests.back().method == "kernel.stop");
}

TEST_CASE("stop waits until the control device has hung up and the kernel's lock is free") {
  Desk desk;
  const std::string lock = desk.directory / "kernel.lock";
  detail::Fd held(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(::flock(held.get(), LOCK_EX) == 0);
  desk.kernel.on("kernel.stop", R"({"runtime_dir":")" + desk.directory.path() + "\"}");
  CtlRun run(desk.kernel, {"stop"});
  REQUIRE(desk.kernel.until([&] { return !desk.kernel.requests.empty(); }));
  CHECK(desk.kernel.requests.front().method == "kernel.stop");
  desk.kernel.send(wire::FrameKind::stop);
  REQUIRE(desk.kernel.until([&] { return desk.kernel.device().ended().has_value(); }));
  CHECK_FALSE(run.process().ended());
  CHECK(run.out().empty());
  held.reset();
  CHECK(run.exit_code() == 0);
  CHECK(run.out() == "the kernel has stopped\n");
}

TEST_CASE("stop is done when the control device takes its leave instead of an answer") {
  Desk desk;
  desk.kernel.hold_if("kernel.stop", [](const auto&) { return true; });
  CtlRun run(desk.kernel, {"stop"});
  REQUIRE(desk.kernel.until([&] { return desk.kernel.waiting.size() == 1; }));
  desk.kernel.send(wire::FrameKind::stop);
  CHECK(run.exit_code() == 0);
  CHECK(run.out() == "the kernel has stopped\n");
}

TEST_CASE("status shows what it may and names every grant that is missing, at once") {
  Desk desk;
  const auto deny = [&](const std::string& method) {
    desk.kernel.on(method, [method](const auto&) {
      return Answer(fail(Errc::denied, "'door' has no grant for '" + method + "' at 'kernel'"));
    });
  };
  deny("kernel.info");
  deny("pipelines.list");
  CtlRun some(desk.kernel, {"status"});
  CHECK(some.exit_code() == 1);
  CHECK(has(some.out(), "devices  1 running, 1 backoff, 1 failed\n"));
  CHECK(has(some.out(), "recorder  backoff"));
  CHECK(has(some.err(),
            "In kvm.yaml, the `grants` of device 'door' lack:\n"
            "  - {target: kernel, methods: [kernel.info, pipelines.list]}\n"));
  deny("devices.list");
  CtlRun none(desk.kernel, {"status"});
  CHECK(none.exit_code() == 1);
  CHECK(none.out().empty());
  CHECK(has(none.err(), "methods: [kernel.info, devices.list, pipelines.list]}\n"));
}

TEST_CASE("errors are JSON where results are") {
  Desk desk;
  desk.kernel.on("devices.get", [](const auto&) {
    return Answer(fail(Errc::not_found, "there is no device 'x'"));
  });
  CtlRun refused(desk.kernel, {"--json", "device", "x"});
  CHECK(refused.exit_code() == 1);
  CHECK(refused.out().empty());
  const auto error = nlohmann::json::parse(refused.err())["error"];
  CHECK(error["code"] == "not_found");
  CHECK(error["message"] == "there is no device 'x'");
  CHECK(error["method"] == "devices.get");
  CtlRun wrong(desk.kernel, {"statu", "--json"});
  CHECK(wrong.exit_code() == 2);
  CHECK(nlohmann::json::parse(wrong.err())["error"]["message"] ==
        "there is no command 'statu' (did you mean 'status'?)");
  CtlRun nowhere(desk.kernel, {"status", "--json", "--socket", "/nowhere"});
  CHECK(nowhere.exit_code() == 3);
  CHECK(nlohmann::json::parse(nowhere.err())["error"]["code"] == "disconnected");
}

TEST_CASE("a slip in a command or a level is told with what was meant") {
  Desk desk;
  CtlRun command(desk.kernel, {"statu"});
  CHECK(command.exit_code() == 2);
  CHECK(has(command.err(), "there is no command 'statu' (did you mean 'status'?)\n"));
  CtlRun level(desk.kernel, {"logs", "-l", "loud"});
  CHECK(level.exit_code() == 2);
  CHECK(has(level.err(), "--level: 'loud' is none of error, warning, notice, info, debug\n"));
}

TEST_CASE("what the kernel refuses exits with 1 and says what to do") {
  Desk desk;
  desk.kernel.on("devices.restart",
                 [](const auto&) { return Answer(fail(Errc::denied, "the door is locked")); });
  desk.kernel.on("kernel.reload", [](const auto&) {
    return Answer(fail(Errc::invalid, "kvm.yaml:3:5: unknown key 'devcies'\nkvm.yaml:9:1: more"));
  });
  CtlRun denied(desk.kernel, {"device", "recorder", "restart"});
  CHECK(denied.exit_code() == 1);
  CHECK(denied.out().empty());
  CHECK(denied.err() == "dkvmctl: devices.restart: denied: the door is locked\n");
  CtlRun invalid(desk.kernel, {"reload"});
  CHECK(invalid.exit_code() == 1);
  CHECK(invalid.err() ==
        "dkvmctl: kernel.reload: invalid:\n"
        "kvm.yaml:3:5: unknown key 'devcies'\n"
        "kvm.yaml:9:1: more\n");
}

TEST_CASE("a wrong command line exits with 2 before anything is asked") {
  Desk desk;
  desk.kernel.requests.clear();
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{},
                                             {"frobnicate"},
                                             {"device"},
                                             {"device", "keyboard", "explode"},
                                             {"status", "--timeout", "soon"},
                                             {"logs", "--level", "loud"},
                                             {"call", "kernel", "kernel.info", "{"}}) {
    CtlRun run(desk.kernel, wrong);
    CHECK(run.exit_code() == 2);
    CHECK_FALSE(run.err().empty());
  }
  CHECK(desk.kernel.requests.empty());
}

// The usual paths are the machine's own, where a kernel may run: which they are
// is a matter of the unit tests of socket_paths().
TEST_CASE("without a kernel the exit is 3 and the path that was tried is named") {
  Desk desk;
  CtlRun by_directory(desk.kernel, {"status"},
                      {"DKVM_RUNTIME_DIR=" + desk.directory.path() + "/none"});
  CHECK(by_directory.exit_code() == 3);
  CHECK(has(by_directory.err(), "no kernel answers\n  " + desk.directory.path() +
                                    "/none/control.sock does not exist\n"));
  CtlRun named(desk.kernel, {"status", "--socket", "/nowhere/control.sock"});
  CHECK(named.exit_code() == 3);
  CHECK(has(named.err(), "  /nowhere/control.sock does not exist\n"));
  CHECK(has(named.err(), "dkvm-kernel --config"));
  const std::string file = desk.directory / "control.log";
  CtlRun wrong(desk.kernel, {"status", "--socket", file});
  CHECK(wrong.exit_code() == 3);
  CHECK(has(wrong.err(), "  " + file + " is no socket\n"));
}

TEST_CASE("the socket is found by its directory in the environment") {
  Desk desk;
  CtlRun run(desk.kernel, {"status"}, {"DKVM_RUNTIME_DIR=" + desk.directory.path()});
  CHECK(run.exit_code() == 0);
}

TEST_CASE("no answer in time exits with 4, from the kernel and from a control that hangs") {
  Desk desk;
  CtlRun late(desk.kernel, {"call", "kernel", "slow", "--timeout", "50ms"});
  CHECK(late.exit_code() == 4);
  CHECK(has(late.err(), "slow: timeout: no answer in time\n"));
  desk.kernel.device().signal(SIGSTOP);
  CtlRun hanging(desk.kernel, {"status", "--timeout", "0.05"});
  CHECK(hanging.exit_code() == 4);
  CHECK(has(hanging.err(), "kernel.info: no answer in time: the control device hangs\n"));
  desk.kernel.device().signal(SIGCONT);
}

TEST_CASE("a control that is killed in the middle of a call is told from one that refuses") {
  Desk desk;
  CtlRun run(desk.kernel, {"call", "kernel", "slow"});
  REQUIRE(desk.kernel.until([&] { return desk.kernel.waiting.size() == 1; }));
  desk.kernel.device().signal(SIGKILL);
  CHECK(run.exit_code() == 3);
  CHECK(has(run.err(), "slow: the connection was lost: it was closed before the answer"));
  CHECK(has(run.err(), "the call may have\nhappened all the same"));
}

TEST_CASE("a control that is full says so") {
  Desk desk;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 32; ++i) {
    clients.push_back(std::make_unique<RawClient>(desk.kernel.socket()));
    REQUIRE(clients.back()->send(request(1, "kernel.info")));
    REQUIRE(has(clients.back()->line(desk.kernel), "result"));
  }
  CtlRun run(desk.kernel, {"status"});
  CHECK(run.exit_code() == 1);
  CHECK(has(run.err(), "overloaded: 32 clients are connected"));
}

TEST_CASE("a result that cannot be written is a failure") {
  Desk desk;
  ChildSetup setup;
  setup.command = {DKVM_BIN_DIR "/dkvmctl", "devices", "--socket", desk.kernel.socket()};
  setup.out = "/dev/full";
  Child run(setup);
  REQUIRE(desk.kernel.until([&] { return run.ended().has_value(); }));
  CHECK(run.ended() == 1);
}

TEST_CASE("with stdout closed a command fails, and nothing is printed into its socket") {
  Desk desk;
  ChildSetup setup;
  setup.command = {"/bin/sh", "-c",       "exec \"$0\" \"$@\" >&-", DKVM_BIN_DIR "/dkvmctl",
                   "devices", "--socket", desk.kernel.socket()};
  setup.err = desk.directory / "err";
  Child run(setup);
  REQUIRE(desk.kernel.until([&] { return run.ended().has_value(); }));
  CHECK(run.ended() == 1);
  CHECK(read_text(setup.err) == "dkvmctl: the output could not be written\n");
  CHECK_FALSE(has(desk.kernel.log(), "invalid"));
}

TEST_CASE("with every standard descriptor closed a command fails with its exit code") {
  Desk desk;
  ChildSetup setup;
  setup.command = {"/bin/sh",
                   "-c",
                   "exec \"$0\" \"$@\" <&- >&- 2>&-",
                   DKVM_BIN_DIR "/dkvmctl",
                   "devices",
                   "--socket",
                   desk.kernel.socket()};
  Child run(setup);
  REQUIRE(desk.kernel.until([&] { return run.ended().has_value(); }));
  CHECK(run.ended() == 1);
}
