#include "tests/support/corpus.hpp"
#include "config/loader.hpp"
#include "kernel/setup/stage_rules.hpp"

#include "corpus_devices.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using test::kCorpus;
using test::yaml_files;

namespace {

constexpr std::size_t kWrongFilesMin = 200;

// What the kernel would say about the file.
std::string errors_of(const std::filesystem::path& path) {
  static const test::CorpusDevices devices;
  const auto config = load_checked_config(path.string(), LoadOptions{}, devices, stage_rules());
  return config ? "" : to_string(config.error());
}

}  // namespace

TEST_CASE("every wrong file is refused with the errors that it names and no others") {
  std::string report;
  for (const auto& path : yaml_files(kCorpus)) report += test::mismatches(path, errors_of(path));
  INFO(report);
  CHECK(report.empty());
}

TEST_CASE("there are at least 200 wrong files") {
  CHECK(yaml_files(kCorpus).size() >= kWrongFilesMin);
}

TEST_CASE("every good file loads and passes all checks") {
  const auto files = yaml_files(kCorpus / "good");
  CHECK(files.size() >= 10);
  for (const auto& path : files) {
    INFO(path);
    CHECK(errors_of(path) == "");
  }
}

TEST_CASE("the shipped examples load and pass all checks") {
  const auto files = yaml_files(DKVM_SOURCE_DIR "/config/examples");
  CHECK_FALSE(files.empty());
  for (const auto& path : files) {
    INFO(path);
    CHECK(errors_of(path) == "");
  }
}
