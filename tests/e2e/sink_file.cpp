#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace dkvm::test {

const std::set<std::string>& SinkFile::down() {
  read_more();
  return down_;
}

const std::vector<SinkFile::Change>& SinkFile::changes() {
  read_more();
  return changes_;
}

void SinkFile::mark() {
  read_more();
  changes_.clear();
}

std::size_t SinkFile::count(const std::string& code, bool down) {
  const auto& all = changes();
  return static_cast<std::size_t>(std::count(all.begin(), all.end(), Change{code, down}));
}

void SinkFile::read_more() {
  if (!file_.is_open()) file_.open(path_, std::ios::binary);
  if (!file_.is_open()) return;
  file_.clear();
  char bytes[16 * 1024];
  while (file_.read(bytes, sizeof(bytes)), file_.gcount() > 0)
    rest_.append(bytes, static_cast<std::size_t>(file_.gcount()));
  std::size_t begin = 0;
  for (std::size_t end; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1)
    take(rest_.substr(begin, end - begin));
  rest_.erase(0, begin);
}

// A sink presses what is up and releases what is down, nothing else.
void SinkFile::take(const std::string& line) {
  INFO(path_ << ": " << line);
  const auto record = nlohmann::json::parse(line, nullptr, false);
  REQUIRE(record.is_object());
  const char* what = record.contains("key") ? "key" : "button";
  if (!record.contains(what)) return;
  const auto& code = record.at(what);
  const std::string name = code.is_string() ? code.get<std::string>() : code.dump();
  const bool down = record.at("down").get<bool>();
  if (down) {
    down_.insert(name);
  } else {
    down_.erase(name);
  }
  changes_.push_back({name, down});
}

}  // namespace dkvm::test
