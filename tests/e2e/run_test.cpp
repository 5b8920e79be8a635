#include "tests/e2e/desk.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

// From the command line to the exit status.
using namespace dkvm::test;

namespace {

const std::string kKernel = DKVM_BIN_DIR "/dkvm-kernel";
const std::string kExamples = DKVM_SOURCE_DIR "/config/examples/";

void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::string some_keys() {
  std::string lines;
  for (int i = 0; i < 40; ++i)
    for (const bool down : {true, false})
      lines += R"({"t":)" + (i == 0 && down ? "0" : "0." + std::to_string(1001 + 10 * i + !down)) +
               R"(,"key":"KEY_)" + static_cast<char>('A' + i % 26) + R"(","down":)" +
               (down ? "true" : "false") + "}\n";
  return lines;
}

// Motions that cannot be summed up: something else is between any two.
std::string some_mouse() {
  std::string lines = R"({"t":0,"motion":[3,-1]})"
                      "\n";
  for (int i = 0; i < 20; ++i) {
    const std::string t = "{\"t\":0." + std::to_string(1000 + 10 * i);
    lines += t + R"(1,"button":"BTN_LEFT","down":true})"
                 "\n";
    lines += t + R"(2,"motion":[0.5,)" + std::to_string(i + 1) + "]}\n";
    lines += t + R"(3,"button":"BTN_LEFT","down":false})"
                 "\n";
    lines += t + R"(4,"position":[640,)" + std::to_string(i) +
             R"(],"size":[1280,720]})"
             "\n";
    lines += t + R"(5,"scroll":[0,-120]})"
                 "\n";
  }
  return lines;
}

}  // namespace

TEST_CASE("What goes into the example's sources comes out of its sinks, and the kernel ends") {
  Desk desk;
  write_file(desk.path("keys.jsonl"), some_keys());
  write_file(desk.path("mouse.jsonl"), some_mouse());
  // The shipped file as it is, but for where it writes.
  std::string yaml = read_text(kExamples + "kvm.yaml");
  REQUIRE(yaml.find("kernel:\n") != std::string::npos);
  yaml.replace(yaml.find("kernel:\n"), 8, "kernel:\n  runtime_dir: run\n");
  for (const std::string name : {"typed", "moved"}) {
    const std::string shipped = "file: /tmp/dkvm-" + name + ".jsonl";
    REQUIRE(yaml.find(shipped) != std::string::npos);
    yaml.replace(yaml.find(shipped), shipped.size(), "file: " + name + ".jsonl");
  }
  write_file(desk.config(), yaml);

  const Finished run = run_program("timeout 20 " + kKernel + " --config " + desk.config());
  INFO(run.output);
  CHECK(run.status == 0);
  CHECK(read_text(desk.path("typed.jsonl")) == some_keys());
  CHECK(read_text(desk.path("moved.jsonl")) == some_mouse());
}

TEST_CASE("Every example passes the check, which starts nothing") {
  std::size_t examples = 0;
  for (const auto& file : std::filesystem::directory_iterator(kExamples)) {
    if (file.path().extension() != ".yaml") continue;
    ++examples;
    const Finished run = run_program(kKernel + " --config " + file.path().string() + " --check");
    INFO(file.path() << "\n" << run.output);
    CHECK(run.status == 0);
  }
  CHECK(examples > 0);
}

TEST_CASE("A wrong file is refused with its line, and nothing is started, not even to be asked") {
  Desk desk;
  const std::string witness =
      "  witness: {exec: [/bin/sh, -c, touch " + desk.path("started") + "]}\n";
  desk.write("devices:\n" + witness +
             "  typed: {type: dummy-keyboard-sink, config: {fil: typed.jsonl}}\n");
  for (const std::string option : {"", " --check", " --check=exec"}) {
    const Finished run = run_program(kKernel + " --config " + desk.config() + option);
    INFO(run.output);
    CHECK(run.status == 2);
    CHECK(run.output.find("kvm.yaml:5:47: ") != std::string::npos);
    CHECK(run.output.find("'file'") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(desk.path("run")));
  }
  CHECK_FALSE(std::filesystem::exists(desk.path("started")));
  CHECK_FALSE(std::filesystem::exists(desk.path("typed.jsonl")));

  desk.write("devices:\n" + witness);
  CHECK(run_program(kKernel + " --config " + desk.config() + " --check").status == 0);
  CHECK_FALSE(std::filesystem::exists(desk.path("started")));
  CHECK(run_program(kKernel + " --config " + desk.config() + " --check=exec").status == 0);
  CHECK(std::filesystem::exists(desk.path("started")));
}

TEST_CASE("A second kernel on the same runtime directory is refused") {
  Desk desk;
  desk.start("devices: {}\n");
  const Finished second = run_program("timeout 20 " + kKernel + " --config " + desk.config());
  INFO(second.output);
  CHECK(second.status == 1);
  CHECK(second.output.find("another kernel runs on the runtime directory") != std::string::npos);
  CHECK(desk.ctl("status").at("kernel").at("pid") == desk.kernel().pid());
}

TEST_CASE("A bystander killed in mid-stream changes nothing for the others") {
  Desk desk;
  write_file(desk.path("keys.jsonl"), some_keys());
  const Source bystander(desk, "bystander");
  desk.write(
      "devices:\n"
      "  keyboard: {type: dummy-keyboard-source, config: {file: keys.jsonl, mode: once}}\n"
      "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
      "  other: {type: dummy-keyboard-sink, config: {file: other.jsonl}}\n" +
      bystander.yaml() +
      "pipelines:\n"
      "  - {name: typing, from: keyboard, to: [typed, other]}\n"
      "  - {name: more, from: bystander/keyboard, to: other}\n");
  desk.launch(false);
  const auto lines = [&] {
    const std::string text = read_text(desk.path("typed.jsonl"));
    return std::count(text.begin(), text.end(), '\n');
  };
  REQUIRE(eventually(kPatience, [&] { return lines() > 5; }));
  for (const std::string name : {"bystander", "other"}) desk.kill(name, SIGKILL);
  REQUIRE(eventually(kPatience, [&] { return lines() == 80; }));
  CHECK(read_text(desk.path("typed.jsonl")) == some_keys());
}

TEST_CASE("A kernel that ends with its sources fails when not everything was delivered") {
  Desk desk;
  write_file(desk.path("keys.jsonl"), some_keys());
  desk.write(
      "devices:\n"
      "  keyboard: {type: dummy-keyboard-source, config: {file: keys.jsonl, mode: once}}\n"
      "  typed: {type: dummy-keyboard-sink, config: {file: /proc/no.jsonl}}\n"
      "pipelines:\n  - {name: typing, from: keyboard, to: typed}\n",
      ", exit_when: finished");
  const Finished run = run_program("timeout 20 " + kKernel + " --config " + desk.config());
  INFO(run.output);
  CHECK(run.status == 1);
  // Whether the sink was ever there, for a moment, is up to the machine.
  CHECK(run.output.find("pipeline 'typing': 80 events from keyboard") != std::string::npos);
  CHECK(run.output.find(" did not reach typed") != std::string::npos);
}

TEST_CASE("A kernel that ends with its sources does not wait for one that is switched off") {
  Desk desk;
  write_file(desk.path("keys.jsonl"), some_keys());
  desk.write(
      "devices:\n"
      "  keyboard: {type: dummy-keyboard-source, config: {file: keys.jsonl, mode: once}}\n"
      "  second: {type: dummy-keyboard-source, enabled: false, config: {file: keys.jsonl}}\n"
      "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
      "pipelines:\n  - {name: typing, from: [keyboard, second], to: typed}\n",
      ", exit_when: finished");
  const Finished run = run_program("timeout 20 " + kKernel + " --config " + desk.config());
  INFO(run.output);
  CHECK(run.status == 0);
}

TEST_CASE("A log file that cannot be written is refused at start, by its place in the file") {
  const TempDir directory;
  write_file(directory / "kvm.yaml",
             "kernel:\n  runtime_dir: run\n  log: {file: /nonexist/k.log}\ndevices: {}\n");
  const Finished refused = run_program(kKernel + " --config " + (directory / "kvm.yaml"));
  CHECK(refused.status == 2);
  CHECK(refused.output == (directory / "kvm.yaml") +
                              ":3:15: 'kernel.log.file': the log file /nonexist/k.log cannot be "
                              "written: No such file or directory\n");
}
