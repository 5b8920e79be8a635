#include "tests/e2e/desk.hpp"
#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

// Programs that are not there: never were, or not any more.
using namespace dkvm::test;

namespace {

namespace fs = std::filesystem;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// An installation of a desk's own, with what it needs.
std::string install(const Desk& desk, const std::vector<std::string>& programs) {
  const std::string folder = desk.path("bin");
  fs::create_directory(folder);
  for (const std::string& program : programs) {
    const std::string from = std::string(DKVM_BIN_DIR) + "/" + program;
    fs::copy_file(from, folder + "/" + program);
    const std::string manifest = from + ".manifest.json";
    if (fs::exists(manifest)) fs::copy_file(manifest, folder + "/" + program + ".manifest.json");
  }
  return folder;
}

// Its kernel, on the desk's file.
Child run_installed(const Desk& desk, const std::string& folder) {
  ChildSetup setup;
  setup.command = {folder + "/dkvm-kernel", "--config", desk.config()};
  setup.environment = {"PATH=/usr/bin:/bin"};
  setup.err = desk.path("kernel.log");
  setup.session = true;
  return Child(setup);
}

constexpr const char* kSoon = "restart: {initial: 50ms, max: 50ms}";

}  // namespace

TEST_CASE("A type that is not installed refuses a reload by its place, and changes nothing") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  desk.start("devices:\n" + keyboard.yaml());
  const std::vector<pid_t> before = desk.pids();
  desk.write("devices:\n" + keyboard.yaml() + "  typed: {type: dummy-keyboard-sinc}\n");
  const Finished reload = desk.try_ctl("reload");
  CHECK(reload.status == 1);
  CHECK(has(reload.output, "kvm.yaml:5:17: "));
  CHECK(has(reload.output, "did you mean 'dummy-keyboard-sink'?"));
  CHECK(desk.pids() == before);
}

TEST_CASE("A program of exec that is not there fails its device alone, with its path") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.write("devices:\n" + keyboard.yaml() +
             "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
             "  lost: {exec: [./lost], " +
             kSoon + "}\npipelines:\n  - {name: typing, from: keyboard/keyboard, to: typed}\n");
  desk.launch(false);
  desk.wait_state("typed", "running");
  keyboard.down("KEY_A");
  CHECK(eventually(kPatience, [&] { return typed.has({"KEY_A"}); }));
  REQUIRE(eventually(kPatience, [&] { return desk.device("lost").at("restarts") >= 2; }));
  const Json deaths = desk.call("devices.deaths", {{"name", "lost"}}).at("deaths");
  const std::string reason = deaths.at(0).at("reason");
  CHECK(has(reason, desk.path("lost")));
  CHECK(has(reason, "No such file or directory"));

  fs::copy_file(DKVM_SCRIPTED_SOURCE, desk.path("lost"));
  const Source lost(desk, "lost");
  desk.write("devices:\n" + keyboard.yaml() +
             "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
             "  lost: {exec: [./lost], config: {commands: lost.fifo}, " +
             kSoon + "}\npipelines:\n  - {name: typing, from: keyboard/keyboard, to: typed}\n");
  desk.ctl("reload");
  desk.wait_state("lost", "running");
  CHECK(typed.count("KEY_A", false) == 0);
}

TEST_CASE("A program that goes while its device runs is told at its next start, and may return") {
  Desk desk;
  const Source keyboard(desk, "keyboard");
  SinkFile typed(desk.path("typed.jsonl"));
  desk.write("devices:\n" + keyboard.yaml() +
             "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}, " + kSoon +
             "}\npipelines:\n  - {name: typing, from: keyboard/keyboard, to: typed}\n");
  const std::string bin =
      install(desk, {"dkvm-kernel", "dkvm-launcher", "dkvm-control", "dkvm-dummy-keyboard-sink"});
  const Child kernel = run_installed(desk, bin);
  REQUIRE(eventually(kPatience, [&] { return desk.try_ctl("device typed").status == 0; }));
  desk.wait_state("typed", "running");
  const pid_t sink = desk.pid("typed");
  const pid_t source = desk.pid("keyboard");
  const std::string gone = GENERATE("dkvm-dummy-keyboard-sink", "dkvm-launcher");
  CAPTURE(gone);
  fs::rename(bin + "/" + gone, desk.path("aside"));
  ::kill(sink, SIGKILL);
  REQUIRE(eventually(kPatience, [&] {
    const Json one = desk.device("typed");
    return one.at("pid") == 0 && has(one.at("reason"), gone) &&
           has(one.at("reason"), "No such file or directory");
  }));
  CHECK(desk.pid("keyboard") == source);
  fs::rename(desk.path("aside"), bin + "/" + gone);
  desk.wait_restarted("typed", sink);
  keyboard.tap("KEY_A");
  CHECK(eventually(kPatience, [&] { return typed.count("KEY_A", false) == 1; }));
}

TEST_CASE("A kernel without its launcher says so, instead of trying for ever") {
  Desk desk;
  desk.write("devices: {}\n");
  const std::string bin = install(desk, {"dkvm-kernel", "dkvm-control"});
  const std::string kernel = "timeout 20 " + bin + "/dkvm-kernel --config " + desk.config();
  const Finished refused = run_program(kernel);
  CHECK(refused.status == 1);
  CHECK(has(refused.output, "dkvm-launcher is not installed"));
  CHECK(has(refused.output, bin));
  CHECK(run_program(kernel + " --check").status == 0);  // which starts nothing
}
