#include "tests/e2e/metrics/prometheus.hpp"

#include "tests/e2e/metrics/scraped.hpp"
#include "tests/support/free_port.hpp"

#include <catch2/catch.hpp>

#include <cctype>
#include <fstream>

namespace dkvm::test {
namespace {

// As a part of a URL.
std::string escaped(const std::string& text) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  std::string result;
  for (const unsigned char c : text) {
    if (std::isalnum(c) != 0) {
      result += static_cast<char>(c);
    } else {
      result += '%';
      result += kDigits[c >> 4];
      result += kDigits[c & 0xF];
    }
  }
  return result;
}

}  // namespace

Prometheus::Prometheus(const std::vector<std::uint16_t>& targets) : port_(free_port()) {
  std::ofstream config(directory_ / "prometheus.yml");
  config << "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
            "rule_files: [" DKVM_SOURCE_DIR
            "/config/prometheus/dkvm.rules.yaml]\n"
            "scrape_configs:\n  - job_name: dkvm\n    static_configs:\n      - targets: [";
  for (const std::uint16_t target : targets) config << "\"127.0.0.1:" << target << "\", ";
  config << "]\n";
  config.close();
  ChildSetup setup;
  setup.command = {"/usr/bin/prometheus", "--config.file=" + (directory_ / "prometheus.yml"),
                   "--storage.tsdb.path=" + (directory_ / "data"), "--log.level=warn",
                   "--web.listen-address=127.0.0.1:" + std::to_string(port_)};
  setup.environment = {"PATH=/usr/bin:/bin", "GOMAXPROCS=1"};
  setup.err = directory_ / "log";
  process_ = std::make_unique<Child>(setup);
  const bool ready =
      eventually(kPatience, [&] { return http_get(port_, "/-/ready").status == 200; });
  INFO(log());
  REQUIRE(ready);
}

Json Prometheus::get(const std::string& target) {
  return Json::parse(http_get(port_, target).body, nullptr, false);
}

Json Prometheus::query(const std::string& promql) {
  const Json answer = get("/api/v1/query?query=" + escaped(promql));
  error_ = answer.is_object() ? answer.value("error", "") : "no answer";
  if (!error_.empty()) return Json::array();
  return answer.at("data").at("result");
}

bool Prometheus::gives(const std::string& promql) {
  return eventually(kPatience, [&] { return !query(promql).empty(); });
}

}  // namespace dkvm::test
