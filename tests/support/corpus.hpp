#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

// The wrong configuration files of tests/corpus/config, and what each says in
// `# expect: line:column: message` lines that it is wrong with.
namespace dkvm::test {

inline const std::filesystem::path kCorpus = DKVM_SOURCE_DIR "/tests/corpus/config";

inline std::vector<std::filesystem::path> yaml_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// The `# expect: ` lines of a file, or of the .expect file beside it when the
// file's bytes are no place for them.
inline std::vector<std::string> expectations(const std::filesystem::path& path) {
  const std::filesystem::path beside = path.string() + ".expect";
  std::ifstream stream(std::filesystem::exists(beside) ? beside : path, std::ios::binary);
  std::vector<std::string> expected;
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    constexpr std::string_view kMark = "# expect: ";
    if (line.starts_with(kMark)) expected.push_back(line.substr(kMark.size()));
  }
  return expected;
}

// One `file:line:column: message` as the corpus writes it: without the folder,
// and without the file where that is the one checked; a file as a whole is 0:0.
inline std::string as_expected(std::string found, const std::filesystem::path& path) {
  const std::string folder = path.parent_path().string() + '/';
  if (found.starts_with(folder)) found.erase(0, folder.size());
  const std::string file = path.filename().string() + ':';
  if (!found.starts_with(file)) return found;
  found.erase(0, file.size());
  return found.starts_with(' ') ? "0:0:" + found : found;
}

// Every difference between what a file expects and what was found, a line an
// error. The place must be the same, the message must contain the expected one.
inline std::string mismatches(const std::filesystem::path& path, const std::string& errors) {
  std::string report;
  std::vector<std::string> expected = expectations(path);
  if (expected.empty()) report += "  expects nothing\n";
  std::istringstream lines(errors);
  for (std::string line; std::getline(lines, line);) {
    const std::string found = as_expected(line, path);
    const auto met = std::find_if(expected.begin(), expected.end(), [&](const std::string& each) {
      const std::size_t place_end = each.find(": ");
      return place_end != std::string::npos &&
             found.compare(0, place_end + 2, each, 0, place_end + 2) == 0 &&
             found.find(each.substr(place_end + 2), place_end) != std::string::npos;
    });
    if (met == expected.end())
      report += "  found    " + found + "\n";
    else
      expected.erase(met);
  }
  for (const std::string& each : expected) report += "  expected " + each + "\n";
  return report.empty() ? "" : path.filename().string() + "\n" + report;
}

}  // namespace dkvm::test
