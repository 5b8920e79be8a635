#pragma once

#include "tools/bench/harness/http.hpp"

#include <cstdint>
#include <optional>
#include <sstream>
#include <string>

namespace dkvm::test {

using bench::Connection;
using bench::http_get;
using bench::HttpAnswer;

// The line of a desk's YAML for a device of metrics, with all the grants that it has
// use for; `links` are the devices that it asks for links.
std::string metrics_yaml(std::uint16_t port, const std::string& links = "");

// One page of metrics.
class Scraped {
 public:
  explicit Scraped(std::uint16_t port) : answer_(http_get(port, "/metrics")) {}

  bool ok() const { return answer_.status == 200; }
  const std::string& text() const { return answer_.body; }
  // The value of a series, by its name and labels as they are written.
  std::optional<double> value(const std::string& series) const {
    std::istringstream lines(answer_.body);
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with(series + " ")) return std::stod(line.substr(series.size() + 1));
    return std::nullopt;
  }
  bool has(const std::string& text) const { return answer_.body.find(text) != std::string::npos; }

 private:
  HttpAnswer answer_;
};

}  // namespace dkvm::test
