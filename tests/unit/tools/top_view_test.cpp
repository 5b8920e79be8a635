#include "tools/dkvmctl/top/view.hpp"

#include "tools/dkvmctl/format.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

using namespace dkvm::ctl;

namespace {

Sample crowd(int devices) {
  Sample sample;
  sample.kernel = {{"name", "desk"}, {"version", "0.1.0"}};
  sample.devices = Json::array();
  sample.edges = Json::array();
  for (int i = 0; i < devices; ++i) {
    const std::string name = "device" + std::to_string(i);
    sample.devices.push_back({{"name", name}, {"state", "running"}, {"pid", i + 1}});
    sample.edges.push_back(
        {{"id", i}, {"pipeline", "p"}, {"from", name + "/a"}, {"to", name + "/b"}});
  }
  return sample;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("a line is cut by what is seen of it, and its colour ends with it") {
  CHECK(clipped("abcdef", 4) == "abcd");
  CHECK(clipped("ab", 4) == "ab");
  CHECK(clipped("a→bc", 3) == "a→b");
  CHECK(clipped("\x1b[31mabcdef\x1b[0m", 3) == "\x1b[31mabc\x1b[0m");
  CHECK(clipped("\x1b[31mab\x1b[0mcdef", 3) == "\x1b[31mab\x1b[0mc");
  CHECK(clipped("abc", 0).empty());
  CHECK(clipped("\x1b[3", 5) == "\x1b[3\x1b[0m");
}

TEST_CASE("a look fits screens of every size, and says what it leaves out") {
  const Sample now = crowd(50);
  const Rates rates(now, now);
  for (const std::size_t rows : {1u, 3u, 8u, 24u, 60u, 200u})
    for (const std::size_t columns : {1u, 20u, 80u, 200u}) {
      const auto lines = lines_of(top_view(now, rates, SortBy::name, Style(true), columns, rows));
      INFO(rows << " rows, " << columns << " columns");
      CHECK(lines.size() <= rows);
      CHECK(std::ranges::all_of(lines, [&](const std::string& line) {
        return clipped(line, columns) == line || clipped(line, columns) == line + "\x1b[0m";
      }));
    }
  const std::string text = top_view(now, rates, SortBy::name, Style(false), 80, 24);
  CHECK(text.find("more devices") != std::string::npos);
  CHECK(text.find("more edges") != std::string::npos);
  const std::string all = top_view(now, rates, SortBy::name, Style(false), 80, 200);
  CHECK(all.find("more") == std::string::npos);
  CHECK(all.find("device49/a → device49/b") != std::string::npos);
}

TEST_CASE("the keys stand in the last line") {
  const Sample now = crowd(50);
  const Rates rates(now, now);
  const auto lines = lines_of(top_view(now, rates, SortBy::cpu, Style(false), 80, 12));
  CHECK(lines.size() == 12);
  CHECK(lines.back() == "q quits, sorted by n:name c:cpu m:memory r:rate d:drops l:latency");
}
