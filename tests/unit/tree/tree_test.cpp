// What the tree promises about itself, for every file of ours in it.

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kFileLinesMax = 700;

const fs::path kRoot = DKVM_SOURCE_DIR;

std::string read(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> sources() {
  std::vector<fs::path> found;
  for (const char* folder :
       {"sdk", "config", "trust", "pipelines", "kernel", "devices", "tools", "tests"})
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder))
      if (entry.path().extension() == ".hpp" || entry.path().extension() == ".cpp")
        found.push_back(entry.path());
  REQUIRE(found.size() > 100);
  return found;
}

// The headings of a page, without their marks.
std::vector<std::string> headings(const std::string& page) {
  std::vector<std::string> all;
  const std::regex heading("(^|\n)#+ ([^\n]+)");
  for (auto each = std::sregex_iterator(page.begin(), page.end(), heading);
       each != std::sregex_iterator(); ++each)
    all.push_back((*each)[2]);
  return all;
}

}  // namespace

TEST_CASE("every `Source:` names a page and headings that exist") {
  const std::regex source("Source: (docs/[a-z/-]+\\.md)((?:,| and| \"[^\"\n]+\")*)");
  const std::regex quoted("\"([^\"]+)\"");
  std::size_t seen = 0;
  for (const fs::path& path : sources()) {
    const std::string text = read(path);
    for (auto each = std::sregex_iterator(text.begin(), text.end(), source);
         each != std::sregex_iterator(); ++each) {
      ++seen;
      INFO(path << ": " << each->str());
      const fs::path page = kRoot / (*each)[1].str();
      REQUIRE(fs::exists(page));
      const auto known = headings(read(page));
      const std::string names = (*each)[2];
      for (auto name = std::sregex_iterator(names.begin(), names.end(), quoted);
           name != std::sregex_iterator(); ++name)
        CHECK(std::ranges::find(known, (*name)[1].str()) != known.end());
    }
  }
  CHECK(seen > 10);
}

TEST_CASE("no source file is longer than a person reads") {
  for (const fs::path& path : sources()) {
    const std::string text = read(path);
    INFO(path);
    CHECK(static_cast<std::size_t>(std::ranges::count(text, '\n')) <= kFileLinesMax);
  }
}

TEST_CASE("every header is guarded") {
  for (const fs::path& path : sources()) {
    if (path.extension() != ".hpp") continue;
    INFO(path);
    CHECK(read(path).find("#pragma once") != std::string::npos);
  }
}
