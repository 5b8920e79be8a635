#include "devices/metrics/catalog.hpp"
#include "devices/metrics/limits.hpp"
#include "tests/support/temp_dir.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <set>
#include <sstream>
#include <string>

using namespace dkvm;
using namespace dkvm::metrics;

namespace {

std::string page() { return test::read_file(DKVM_SOURCE_DIR "/docs/metrics.md"); }

// The line of a table that is about this, or nothing.
std::string row_of(const std::string& name) {
  const std::string text = page();
  const auto at = text.find(fmt::format("\n| `{}` |", name));
  return at == std::string::npos ? "" : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

std::string type_of(const MetricInfo& metric) {
  switch (metric.type) {
    case prometheus::MetricType::Counter: return "counter";
    case prometheus::MetricType::Histogram: return "histogram";
    default: return "gauge";
  }
}

}  // namespace

TEST_CASE("every metric stands in docs/metrics.md with its type and its labels") {
  for (const MetricInfo* metric : kCatalog) {
    std::string labels;
    std::istringstream names{std::string(metric->labels)};
    for (std::string name; names >> name;) labels += fmt::format("`{}` ", name);
    const std::string begin =
        fmt::format("| `{}` | {} | {}|", metric->name, type_of(*metric), labels);
    INFO("expected " << begin);
    CHECK(row_of(std::string(metric->name)).starts_with(begin));
  }
}

TEST_CASE("docs/metrics.md has no metric that there is not, and each is there once") {
  std::set<std::string> known;
  for (const MetricInfo* metric : kCatalog) CHECK(known.emplace(metric->name).second);
  std::set<std::string> told;
  std::istringstream lines(page());
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `dkvm_")) continue;
    const std::string name = line.substr(3, line.find('`', 3) - 3);
    INFO(name);
    CHECK(told.insert(name).second);
  }
  CHECK(told == known);
}

TEST_CASE("every configuration key of the metrics device is in docs/metrics.md, as it is") {
  const auto manifest =
      nlohmann::json::parse(test::read_file(DKVM_BIN_DIR "/dkvm-metrics.manifest.json"));
  REQUIRE_FALSE(manifest["config"].empty());
  for (const auto& key : manifest["config"]) {
    const std::string row = row_of(key["name"]);
    INFO(key["name"] << ": " << row);
    CHECK(row.find(fmt::format("| `{}` |", key["default"].get<std::string>())) !=
          std::string::npos);
    if (key.contains("choices"))
      for (const auto& choice : key["choices"])
        CHECK(row.find(fmt::format("`{}`", choice.get<std::string>())) != std::string::npos);
  }
}

TEST_CASE("the limits of docs/metrics.md are those of the device") {
  const auto has = [](const std::string& row) {
    INFO(row);
    CHECK(page().find("\n" + row + "\n") != std::string::npos);
  };
  const auto seconds = [](std::chrono::nanoseconds time) {
    return fmt::format("{:g} s", std::chrono::duration<double>(time).count());
  };
  has(fmt::format("| clients | {} | the one that has been idle longest makes room |", kClientsMax));
  has(fmt::format("| the head of a request | {} KiB, {} | it is answered 431, or hung up on |",
                  kHeadBytesMax / 1024, seconds(kHeadTimeMax)));
  has(fmt::format("| taking the page | {} | the client is hung up on |", seconds(kSendTimeMax)));
  has(fmt::format("| between requests | {} | the client is hung up on |", seconds(kIdleTimeMax)));
  has(fmt::format("| the age of a page | {} | the kernel is asked again |", seconds(kPageAgeMax)));
  has(fmt::format("| asking the kernel | {} | what has not come is missing |",
                  seconds(kCollectTimeMax)));
  has(
      fmt::format("| the age of a process's proportional memory | {} | it is counted again, of {} "
                  "processes at a time |",
                  seconds(kSizeAgeMax), kSizesPerPageMax));
  has(fmt::format("| devices, pipelines, edges | {}, {}, {} | the rest is left out |", kDevicesMax,
                  kPipelinesMax, kEdgesMax));
  has(fmt::format("| links, switches, targets of a switch | {}, {}, {} | the rest is left out |",
                  kLinksMax, kSwitchesMax, kTargetsPerSwitchMax));
  has(fmt::format("| producers of buffers, their consumers | {}, {} | the rest is left out |",
                  kPoolOwnersMax, kLeaseHoldersMax));
}
