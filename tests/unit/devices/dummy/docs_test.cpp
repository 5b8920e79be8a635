#include "devices/dummy/jsonl_reader.hpp"
#include "tests/support/temp_dir.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>

using namespace dkvm;
using namespace dkvm::dummy;

namespace {

std::string page() { return test::read_file(DKVM_SOURCE_DIR "/docs/dummy-devices.md"); }

// The lines of the page's examples that are a keyboard's, or a mouse's.
std::string examples(Family family) {
  std::istringstream lines(page());
  std::string found;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("{\"t\"")) continue;
    const auto record = parse_line(line);
    REQUIRE(record);
    if (carries(family, *record)) found += line + "\n";
  }
  return found;
}

}  // namespace

TEST_CASE("every configuration key of a dummy device is in docs/dummy-devices.md, as it is") {
  const std::string text = page();
  for (const char* type :
       {"dummy-keyboard-source", "dummy-keyboard-sink", "dummy-mouse-source", "dummy-mouse-sink",
        "dummy-display-source", "dummy-display-sink", "dummy-audio-source", "dummy-audio-sink"}) {
    const auto manifest = nlohmann::json::parse(
        test::read_file(std::string(DKVM_BIN_DIR "/dkvm-") + type + ".manifest.json"));
    CHECK(text.find(fmt::format("\n| `{}` | ", type)) != std::string::npos);
    for (const auto& port : manifest["ports"])
      for (const auto& topic : port["topics"])
        CHECK(text.find(fmt::format("`{}`", topic.get<std::string>())) != std::string::npos);
    for (const auto& key : manifest["config"]) {
      const std::string row = fmt::format("\n| `{}` | ", key["name"].get<std::string>());
      INFO(type << row);
      bool as_it_is = false;
      for (auto at = text.find(row); at != std::string::npos; at = text.find(row, at + 1)) {
        const std::string line = text.substr(at + 1, text.find('\n', at + 1) - at - 1);
        bool whole = line.find(key.contains("default")
                                   ? fmt::format("| `{}` |", key["default"].get<std::string>())
                               : key.value("required", false) ? "| required |"
                                                              : "| none |") != std::string::npos;
        for (const char* list : {"choices", "words"})
          if (key.contains(list))
            for (const auto& choice : key[list])
              whole &=
                  line.find(fmt::format("`{}`", choice.get<std::string>())) != std::string::npos;
        as_it_is |= whole;
      }
      CHECK(as_it_is);
    }
  }
}

TEST_CASE("the examples of docs/dummy-devices.md are files that a source plays") {
  const test::TempDir dir;
  for (const Family family : {Family::keyboard, Family::mouse}) {
    const std::string lines = examples(family);
    CHECK(std::count(lines.begin(), lines.end(), '\n') >= 4);
    auto reader = JsonlReader::open(dir.file("events.jsonl", lines), family);
    REQUIRE(reader);
    for (;;) {
      const auto record = reader->next();
      REQUIRE(record);
      if (!*record) break;
    }
  }
}

TEST_CASE("every field of a line is in docs/dummy-devices.md") {
  const auto unknown = parse_line(R"({"t":0,"wat":1})");
  REQUIRE_FALSE(unknown);
  std::string names = unknown.error().message();  // it names them all
  names.erase(0, names.find("expected ") + 9);
  std::set<std::string> fields;
  std::istringstream words(names);
  for (std::string word; words >> word;) {
    if (word.ends_with(',')) word.pop_back();
    if (word != "or") fields.insert(word);
  }
  CHECK(fields.size() == 9);
  const std::string text = page();
  for (const std::string& field : fields) {
    INFO(field);
    CHECK(text.find(fmt::format("\n| `{}` | ", field)) != std::string::npos);
  }
}
