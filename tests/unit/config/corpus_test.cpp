#include "config/loader.hpp"

#include "fixture_devices.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

using namespace dkvm;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kWrongFilesMin = 200;
const fs::path kCorpus = DKVM_SOURCE_DIR "/tests/corpus/config";

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The `# expect: ` lines of a file, or of the .expect file beside it when the
// file's bytes are no place for them.
std::vector<std::string> expectations(const fs::path& path) {
  const fs::path beside = path.string() + ".expect";
  std::istringstream stream(read(fs::exists(beside) ? beside : path));
  std::vector<std::string> expected;
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    constexpr std::string_view kMark = "# expect: ";
    if (line.starts_with(kMark)) expected.push_back(line.substr(kMark.size()));
  }
  return expected;
}

std::vector<fs::path> yaml_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// What the kernel would say about the file.
ConfigErrors errors_of(const fs::path& path) {
  const auto config = load_config(path.string(), LoadOptions{});
  if (!config) return config.error();
  const auto stages = test::fixture_stages();
  return check_config(*config, test::FixtureDevices(), stages);
}

// `line:column: message` for places in the file itself, with the file's name
// in front for others; a file as a whole has line and column 0.
std::string shown(const ConfigError& error, const fs::path& path) {
  const fs::path file = std::string(error.at.file_name());
  std::string text = file == path ? "" : file.lexically_relative(path.parent_path()).string() + ':';
  return text + std::to_string(error.at.line) + ':' + std::to_string(error.at.column) + ": " +
         error.message;
}

bool is_met(const std::string& expected, const std::string& found) {
  // The place must be the same, the message must contain the expected one.
  const std::size_t place_end = expected.find(": ");
  if (place_end == std::string::npos) return false;
  return found.compare(0, place_end + 2, expected, 0, place_end + 2) == 0 &&
         found.find(expected.substr(place_end + 2), place_end) != std::string::npos;
}

// Every difference between what a file expects and what is found.
std::string mismatches(const fs::path& path) {
  std::string report;
  std::vector<std::string> expected = expectations(path);
  if (expected.empty()) report += "  expects nothing\n";
  for (const ConfigError& error : errors_of(path)) {
    const std::string found = shown(error, path);
    const auto met = std::find_if(expected.begin(), expected.end(),
                                  [&](const std::string& each) { return is_met(each, found); });
    if (met == expected.end())
      report += "  found    " + found + "\n";
    else
      expected.erase(met);
  }
  for (const std::string& each : expected) report += "  expected " + each + "\n";
  return report.empty() ? "" : path.filename().string() + "\n" + report;
}

}  // namespace

TEST_CASE("every wrong file is refused with the errors that it names and no others") {
  std::string report;
  for (const fs::path& path : yaml_files(kCorpus)) report += mismatches(path);
  INFO(report);
  CHECK(report.empty());
}

TEST_CASE("there are at least 200 wrong files") {
  CHECK(yaml_files(kCorpus).size() >= kWrongFilesMin);
}

TEST_CASE("every good file loads and passes all checks") {
  const auto files = yaml_files(kCorpus / "good");
  CHECK(files.size() >= 10);
  for (const fs::path& path : files) {
    INFO(path);
    CHECK(to_string(errors_of(path)) == "");
  }
}

TEST_CASE("the shipped examples load and pass all checks") {
  const auto files = yaml_files(DKVM_SOURCE_DIR "/config/examples");
  CHECK_FALSE(files.empty());
  for (const fs::path& path : files) {
    INFO(path);
    CHECK(to_string(errors_of(path)) == "");
  }
}
