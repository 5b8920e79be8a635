#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>
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
  const std::pair<std::string, std::string> sources[] = {
      {"cmake", "pedal-cpp/CMakeLists.txt"},
      {"c++", "pedal-glib/pedal.cpp"},
      {"python", "pedal-python/pedal.py"},
  };
  const auto blocks = blocks_of(read_file(DKVM_SOURCE_DIR "/docs/write-a-device.md"));
  for (const auto& [language, file] : sources) {
    const auto source = read_file(kExamples + file);
    int seen = 0;
    for (const auto& block : blocks) {
      if (block.language != language) continue;
      ++seen;
      INFO(block.text);
      CHECK(source.find(block.text) != std::string::npos);
    }
    INFO(file);
    CHECK(seen > 0);
  }
}
