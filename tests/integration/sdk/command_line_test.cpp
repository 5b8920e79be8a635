#include "tests/support/fake_kernel.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

using namespace dkvm;
using namespace dkvm::test;

namespace {

const std::string kProbe = DKVM_PROBE;

}  // namespace

TEST_CASE("run by hand a device says what it is, with exit status 2") {
  const auto finished = run_program(kProbe);
  CHECK(finished.status == 2);
  CHECK_THAT(finished.output, Catch::StartsWith("probe 1.2.3: Echoes everything\n") &&
                                  Catch::Contains("dkvm-kernel runs it") &&
                                  Catch::Contains("--describe"));
}

TEST_CASE("asked with --help it says the same, as asked") {
  const auto finished = run_program(kProbe + " --help");
  CHECK(finished.status == 0);
  CHECK_THAT(finished.output, Catch::StartsWith("probe 1.2.3: Echoes everything\n"));
}

TEST_CASE("run by hand with anything else it names that") {
  const auto finished = run_program(kProbe + " --bogus");
  CHECK(finished.status == 2);
  CHECK_THAT(finished.output,
             Catch::StartsWith("probe: '--bogus' is no option of a device run by hand\n\n"
                               "probe 1.2.3: Echoes everything\n"));
}

TEST_CASE("what a device is asked comes behind arguments of its own") {
  CHECK(run_program(kProbe + " --shout --version").output == "probe 1.2.3\n");
  CHECK(run_program("DKVM_CLEANUP_CODES=29 " + kProbe + " --shout --cleanup").output ==
        "released 29\n");
}

TEST_CASE("the example of a device's --help is one that the kernel accepts") {
  const std::string programs[] = {
      DKVM_PROBE,
      DKVM_PEDAL_CPP,
      DKVM_BIN_DIR "/dkvm-dummy-keyboard-source",
      DKVM_BIN_DIR "/dkvm-dummy-keyboard-sink",
      DKVM_BIN_DIR "/dkvm-dummy-mouse-source",
      DKVM_BIN_DIR "/dkvm-dummy-mouse-sink",
      DKVM_BIN_DIR "/dkvm-control",
  };
  for (const auto& program : programs) {
    const std::string help = run_program(program + " --help").output;
    INFO(help);
    const auto begin = help.find("  devices:\n");
    const auto end = help.find("\n\n", begin);
    REQUIRE(end != std::string::npos);
    const TempDir dir;
    const auto path = dir.file("kvm.yaml", "kernel: {name: desk}\n");
    std::string yaml = "kernel: {name: desk}\n";
    for (auto at = begin; at < end; at = help.find('\n', at) + 1)
      yaml += help.substr(at + 2, help.find('\n', at) - at - 1);
    std::ofstream(path) << yaml;
    const auto checked =
        run_program(DKVM_BIN_DIR "/dkvm-kernel --config " + path + " --check=exec");
    CAPTURE(checked.output);
    CHECK(checked.status == 0);
  }
}

TEST_CASE("a device under a kernel that is asked for help is refused, its stream unharmed") {
  const std::string option = GENERATE("--help", "--version", "--describe");
  FakeKernel kernel({kProbe, option}, {{"DKVM_DEVICE", "subject"}});
  CHECK(kernel.rest().empty());
  CHECK(kernel.wait_exit() == kExitRefused);
  CHECK(kernel.drain_log() == "<3>started with '" + option +
                                  "', which it answers by hand only: expected no such word in args "
                                  "(or exec) of kvm.yaml\n");
}

TEST_CASE("asked with --version it prints its version") {
  const auto finished = run_program(kProbe + " --version");
  CHECK(finished.status == 0);
  CHECK(finished.output == "probe 1.2.3\n");
}

TEST_CASE("asked with --describe it prints the manifest as JSON") {
  const auto finished = run_program(kProbe + " --describe");
  CHECK(finished.status == 0);
  const auto manifest = nlohmann::json::parse(finished.output, nullptr, false);
  REQUIRE(manifest.is_object());
  CHECK(manifest["dkvm"] == 1);
  CHECK(manifest["type"] == "probe");
  CHECK(manifest["ports"][0]["name"] == "in");
  CHECK(manifest["ports"][1]["direction"] == "source");
  CHECK(manifest["config"][0]["name"] == "greeting");
  CHECK(manifest["config"][0]["default"] == "hello");
  CHECK(manifest["runtime_ports"] == true);
  CHECK(manifest["fds"] == true);  // its port takes every topic, pictures too
  CHECK(manifest["cleanup"] == true);
}

TEST_CASE(
    "run with --cleanup it releases the codes that the kernel names, and says when it cannot") {
  const auto finished = run_program("DKVM_CLEANUP_CODES=29,42 " + kProbe + " --cleanup");
  CHECK(finished.status == 0);
  CHECK(finished.output == "released 29\nreleased 42\n");
  const auto failed = run_program(kProbe + " --cleanup");
  CHECK(failed.status == 1);
  CHECK(failed.output == "<3>cleanup: nothing to release\n");
}

TEST_CASE("a device that leaves nothing behind neither offers nor does a cleanup") {
  const std::string pedal = DKVM_PEDAL_CPP;
  CHECK_THAT(run_program(pedal + " --help").output, !Catch::Contains("--cleanup"));
  CHECK_THAT(run_program(kProbe + " --help").output, Catch::Contains("--cleanup"));
  const auto asked = run_program(pedal + " --cleanup");
  CHECK(asked.status == 2);
  CHECK(asked.output == "<3>cleanup: acme-pedal leaves nothing behind to clean up\n");
}
