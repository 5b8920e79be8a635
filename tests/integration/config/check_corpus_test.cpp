#include "tests/support/corpus.hpp"
#include "tests/support/run_program.hpp"

#include <catch2/catch.hpp>

using namespace dkvm::test;

namespace {

constexpr int kExitBadConfig = 2;

Finished check(const std::filesystem::path& path) {
  return run_program("DKVM_DEVICE_PATH='" + (kCorpus / "devices").string() +
                     "' " DKVM_BIN_DIR "/dkvm-kernel --check --config '" + path.string() + "'");
}

}  // namespace

TEST_CASE(
    "dkvm-kernel --check refuses every wrong file with status 2 and the errors that it names") {
  std::string report;
  for (const auto& path : yaml_files(kCorpus)) {
    const Finished finished = check(path);
    report += mismatches(path, finished.output);
    if (finished.status != kExitBadConfig)
      report +=
          path.filename().string() + " ends with status " + std::to_string(finished.status) + "\n";
  }
  INFO(report);
  CHECK(report.empty());
}

TEST_CASE("dkvm-kernel --check says that every good file is fine") {
  for (const auto& path : yaml_files(kCorpus / "good")) {
    INFO(path);
    const Finished finished = check(path);
    CHECK(finished.status == 0);
    CHECK_THAT(finished.output, Catch::StartsWith(path.string() + ": fine: "));
  }
}
