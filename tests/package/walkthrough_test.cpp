#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace dkvm::test;

namespace {

const std::string kExamples = DKVM_SOURCE_DIR "/sdk/examples/";

struct Block {
  std::string language;
  std::string text;
};

// The fenced code blocks of a Markdown text.
std::vector<Block> blocks_of(const std::string& markdown) {
  std::vector<Block> blocks;
  std::istringstream lines(markdown);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("```", 0) == 0) {
      inside = !inside;
      if (inside) blocks.push_back({line.substr(3), ""});
    } else if (inside) {
      blocks.back().text += line + "\n";
    }
  }
  return blocks;
}

}  // namespace

TEST_CASE("the code that docs/write-a-device.md shows is the compiled example, all of it") {
  const auto blocks = blocks_of(read_file(DKVM_SOURCE_DIR "/docs/write-a-device.md"));
  std::string cpp;
  for (const auto& block : blocks)
    if (block.language == "cpp") cpp += block.text;
  const auto without_empty_lines = [](const std::string& text) {
    std::istringstream lines(text);
    std::string kept;
    for (std::string line; std::getline(lines, line);)
      if (!line.empty()) kept += line + "\n";
    return kept;
  };
  CHECK(without_empty_lines(cpp) ==
        without_empty_lines(read_file(kExamples + "pedal-cpp/pedal.cpp")));
}

TEST_CASE("the other code it shows is in the examples, word for word") {
  const std::map<std::string, std::vector<std::string>> sources = {
      {"cmake", {"pedal-cpp/CMakeLists.txt"}},
      {"c++", {"pedal-glib/pedal.cpp", "screen-cpp/screen.cpp", "screen-cpp/brightness.cpp"}},
      {"python", {"pedal-python/pedal.py", "viewer-python/viewer.py"}},
  };
  const auto blocks = blocks_of(read_file(DKVM_SOURCE_DIR "/docs/write-a-device.md"));
  std::set<std::string> shown;
  for (const auto& block : blocks) {
    const auto files = sources.find(block.language);
    if (files == sources.end()) continue;
    const auto has_it = [&](const std::string& file) {
      return read_file(kExamples + file).find(block.text) != std::string::npos;
    };
    const auto from = std::find_if(files->second.begin(), files->second.end(), has_it);
    INFO(block.text);
    REQUIRE(from != files->second.end());
    shown.insert(*from);
  }
  for (const auto& [language, files] : sources)
    for (const auto& file : files) {
      INFO(file);
      CHECK(shown.count(file) == 1);
    }
}
