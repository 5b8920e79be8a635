#include "tests/support/run_program.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

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
  CHECK(manifest["fds"] == false);
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
