#include "tests/e2e/metrics/prometheus.hpp"
#include "tests/e2e/linked_desks.hpp"
#include "tests/e2e/metrics/scraped.hpp"

#include "devices/metrics/catalog.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <set>
#include <string>
#include <vector>

// A real Prometheus scrapes real kernels.
using namespace dkvm::test;

namespace {

// Two kernels: input that a switch gives away, keys of a file, a screen, a link.
struct Fixture {
  LinkedDesks desks;
  Source input{desks["desk"], "input"};
  std::uint16_t port = free_port();
  std::uint16_t far_port = free_port();

  Fixture() {
    desks.start("laptop",
                "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n" +
                    metrics_yaml(far_port, "network"),
                "  - {name: keys, from: link/desk/keys, to: typed}\n");
    desks.start("desk",
                "  input: {exec: [" DKVM_GRAB_SOURCE
                "], config: {commands: input.fifo, log: input.log}}\n"
                "  keyboard: {type: dummy-keyboard-source, config: {file: " DKVM_SOURCE_DIR
                "/config/examples/keys.jsonl, mode: loop}}\n"
                "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
                "  screen: {type: dummy-display-source, config: {size: 320x240, fps: 20}}\n"
                "  window: {type: dummy-display-sink}\n" +
                    metrics_yaml(port, "network"),
                "  - {name: typing, from: keyboard, to: typed}\n"
                "  - {name: keys, from: keyboard, to: link/laptop/keys}\n"
                "  - {name: showing, from: screen, to: window}\n"
                "switches:\n"
                "  - {name: desk, sources: [input], home: local, targets: {local: none, laptop: "
                "link/laptop}}\n");
    desks.wait_stream("desk", "laptop", "keys");
  }
};

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

// Every query of the dashboard, with its variables filled in.
std::vector<std::string> dashboard_queries() {
  const Json board = Json::parse(read_text(DKVM_SOURCE_DIR "/config/grafana/dkvm.json"));
  std::vector<std::string> queries;
  for (const Json& panel : board.at("panels"))
    for (const Json& target : panel.value("targets", Json::array()))
      queries.push_back(
          replaced(replaced(target.at("expr"), "$__rate_interval", "15s"), "$instance", ".+"));
  return queries;
}

}  // namespace

TEST_CASE("A Prometheus scrapes two kernels, and every query of the dashboard gives series") {
  Fixture f;
  Prometheus prometheus({f.port, f.far_port});
  REQUIRE(prometheus.gives("dkvm_up == 1"));
  CHECK(eventually(kPatience, [&] { return prometheus.query("dkvm_up == 1").size() == 2; }));
  const auto queries = dashboard_queries();
  REQUIRE(queries.size() > 30);
  for (const std::string& query : queries) {
    const bool gives = prometheus.gives(query);
    INFO(query << "\n" << prometheus.error() << "\n" << Scraped(f.port).text());
    CHECK(gives);
  }
  CHECK(prometheus.query("scrape_samples_scraped > 100").size() == 2);
  CHECK(prometheus.query("dkvm_metrics_degraded == 1").empty());

  // All that docs/metrics.md promises has been scraped: the catalog is what it explains.
  const Json named = prometheus.get("/api/v1/label/__name__/values");
  std::set<std::string> names;
  for (const Json& name : named.at("data")) names.insert(name.get<std::string>());
  for (const dkvm::metrics::MetricInfo* metric : dkvm::metrics::kCatalog) {
    const std::string name(metric->name);
    INFO(name);
    CHECK((names.contains(name) || names.contains(name + "_bucket")));
  }
}

TEST_CASE("Prometheus takes the alert rules, and one fires when a device fails") {
  Fixture f;
  Prometheus prometheus({f.port});
  const Json rules = prometheus.get("/api/v1/rules");
  std::size_t alerts = 0;
  for (const Json& group : rules.at("data").at("groups")) alerts += group.at("rules").size();
  CHECK(alerts == 14);
  REQUIRE(prometheus.gives("dkvm_up == 1"));
  CHECK(prometheus.query("ALERTS{alertname=\"DkvmLinkDown\"}").empty());
  f.desks["laptop"].kernel().signal(SIGKILL);
  INFO(prometheus.log());
  CHECK(prometheus.gives(
      "ALERTS{alertname=\"DkvmLinkDown\",alertstate=\"pending\",peer=\"laptop\"}"));
}

TEST_CASE("The alert rules do what they say: promtool plays each of them") {
  const Finished checked =
      run_program("promtool check rules " DKVM_SOURCE_DIR "/config/prometheus/dkvm.rules.yaml");
  INFO(checked.output);
  CHECK(checked.status == 0);
  const Finished played =
      run_program("promtool test rules " DKVM_SOURCE_DIR "/tests/e2e/metrics/rules_test.yaml");
  INFO(played.output);
  CHECK(played.status == 0);
}
