#include "tests/e2e/linked_desks.hpp"
#include "tests/e2e/metrics/scraped.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <vector>

// What a device of metrics shows of a real kernel, whatever happens to both.
using namespace dkvm::test;

namespace {

const std::string kTyped = "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n";
const std::string kTyping = "  - {name: typing, from: keyboard, to: typed}\n";
const std::string kScreen =
    "  screen: {type: dummy-display-source, config: {size: 128x32, fps: 20}}\n"
    "  window: {type: dummy-display-sink}\n";
const std::string kShowing = "  - {name: showing, from: screen, to: window}\n";

std::string state_of(const std::string& device, const std::string& state) {
  return "dkvm_device_state{device=\"" + device + "\",state=\"" + state + "\"}";
}

std::string link_state(const std::string& state) {
  return "dkvm_link_state{device=\"network\",peer=\"laptop\",state=\"" + state + "\"}";
}

// A desk with a keyboard, a screen and its metrics.
struct Fixture {
  Desk desk;
  Source keyboard{desk, "keyboard"};
  std::uint16_t port = free_port();

  std::string devices() { return keyboard.yaml() + kTyped; }
  void start(const std::string& more_devices = "", const std::string& more_pipelines = "") {
    desk.start("devices:\n" + devices() + more_devices + metrics_yaml(port) + "pipelines:\n" +
               kTyping + more_pipelines);
  }
  // A page on which a series has this value.
  bool shows(const std::string& series, double value) {
    return eventually(kPatience, [&] { return Scraped(port).value(series) == value; });
  }
};

}  // namespace

TEST_CASE("A page says what the kernel says, and promtool has nothing against it") {
  Fixture f;
  f.start(kScreen, kShowing);
  for (int i = 0; i < 10; ++i) f.keyboard.tap("KEY_A");
  const std::string edge = "{pipeline=\"typing\",from=\"keyboard/keyboard\",to=\"typed/keyboard\"";
  REQUIRE(f.shows("dkvm_edge_delivered_total" + edge + ",kind=\"input\"}", 20));
  // One of each batch that was applied.
  REQUIRE(eventually(kPatience, [&] {
    const std::string series = "dkvm_edge_latency_seconds_count" + edge;
    return Scraped(f.port).value(series + ",kind=\"input\",hop=\"whole\"}") > 0;
  }));
  const Scraped page(f.port);
  INFO(page.text());
  CHECK(page.value("dkvm_up") == 1);
  CHECK(page.value("dkvm_metrics_degraded") == 0);
  CHECK(page.value(state_of("typed", "running")) == 1);
  CHECK(page.value(state_of("typed", "backoff")) == 0);
  CHECK(page.value("dkvm_pipeline_state{pipeline=\"showing\",state=\"active\"}") == 1);
  CHECK(page.value("dkvm_memory_pools") == 1);
  CHECK(page.value("dkvm_device_proportional_memory_bytes{device=\"metrics\"}") > 1e6);
  CHECK(page.value("dkvm_device_uptime_seconds{device=\"typed\"}") > 0);
  const std::string hop = edge + ",kind=\"input\",hop=\"whole\"";
  CHECK(page.value("dkvm_edge_latency_seconds_bucket" + hop + ",le=\"+Inf\"}") ==
        page.value("dkvm_edge_latency_seconds_count" + hop + "}"));
  std::ofstream(f.desk.path("page.txt")) << page.text();
  const Finished checked = run_program("promtool check metrics <" + f.desk.path("page.txt"));
  INFO(checked.output);
  CHECK(checked.status == 0);
  CHECK(checked.output.empty());
}

TEST_CASE("Other paths, methods and hosts than those of a scrape are refused") {
  Fixture f;
  f.start();
  CHECK(http_get(f.port, "/").status == 200);
  CHECK(http_get(f.port, "/secrets").status == 404);
  CHECK(http_get(f.port, "/metrics", "evil.example").status == 403);
  CHECK(http_get(f.port, "/metrics", "127.0.0.1").status == 200);
  const Connection posting(f.port);
  REQUIRE(posting.send("POST /metrics HTTP/1.1\r\nConnection: close\r\n\r\n"));
  CHECK(posting.read_all(20).starts_with("HTTP/1.1 405 "));
  CHECK(f.shows("dkvm_metrics_http_requests_total{status=\"405\"}", 1));
}

TEST_CASE("What no grant allows is missing, and the page says so") {
  Desk desk;
  const std::uint16_t port = free_port();
  const auto devices = [&](const std::string& grants) {
    return "devices:\n  metrics: {type: metrics, config: {listen: \"127.0.0.1:" +
           std::to_string(port) + "\"}" + grants + "}\n";
  };
  desk.start(devices(""));
  const Scraped none(port);
  CHECK(none.value("dkvm_up") == 0);
  CHECK(none.value("dkvm_metrics_degraded") == 1);
  CHECK_FALSE(none.has("dkvm_device_state"));
  desk.wait_state("metrics", "degraded");
  desk.write(devices(", grants: [{target: kernel, methods: [kernel.info]}]"));
  desk.ctl("reload");
  REQUIRE(eventually(kPatience, [&] { return Scraped(port).value("dkvm_up") == 1; }));
  const Scraped some(port);
  CHECK(some.value("dkvm_metrics_degraded") == 1);
  CHECK(some.value("dkvm_metrics_call_failures_total{target=\"kernel\",method=\"devices.list\"}") >
        0);
  CHECK(eventually(kPatience, [&] {
    const std::string reason = desk.device("metrics").at("reason");
    return reason.find("the page lacks devices.list of kernel") != std::string::npos;
  }));
  desk.write(devices(", grants: [{target: kernel, methods: [\"*\"]}]"));
  desk.ctl("reload");
  REQUIRE(eventually(kPatience, [&] { return Scraped(port).value("dkvm_metrics_degraded") == 0; }));
  desk.wait_state("metrics", "running");
}

TEST_CASE("A kernel that stands still makes a page that says so, and no scrape hangs") {
  Fixture f;
  f.start();
  REQUIRE(f.shows("dkvm_up", 1));
  f.desk.kernel().signal(SIGSTOP);
  REQUIRE(f.shows("dkvm_up", 0));
  const auto begin = std::chrono::steady_clock::now();
  const Scraped page(f.port);
  CHECK(page.value("dkvm_metrics_degraded") == 1);
  CHECK(std::chrono::steady_clock::now() - begin < kPatience);
  f.desk.kernel().signal(SIGCONT);
  CHECK(f.shows("dkvm_up", 1));
  CHECK(f.shows("dkvm_metrics_degraded", 0));
  // The kernel itself tells that it stood still.
  CHECK(Scraped(f.port).value("dkvm_kernel_loop_stalls_total") >= 1);
}

TEST_CASE("Slow and hostile clients keep nobody from the page") {
  constexpr int kEach = 40;  // more than there may be, of every kind
  Fixture f;
  f.start();
  const pid_t before = f.desk.pid("metrics");
  std::vector<Connection> rude;
  const auto add = [&](const std::string& words) {
    for (int i = 0; i < kEach; ++i) {
      Connection connection(f.port);
      REQUIRE(connection.connected());
      // It may have been hung up on already.
      [[maybe_unused]] const bool sent = connection.send(words);
      rude.push_back(std::move(connection));
    }
  };
  std::string greedy;
  for (int i = 0; i < 400; ++i) greedy += "GET /metrics HTTP/1.1\r\n\r\n";
  for (const std::string& words :
       {std::string(), std::string("GET /met"), std::string(64 * 1024, 'x'), greedy,
        std::string("\x16\x03\x01\x02\x00\x01", 6), std::string("GET /metrics HTTP/1.1\r\n\r\n")}) {
    add(words);
    CHECK(Scraped(f.port).value("dkvm_up") == 1);
  }
  CHECK(eventually(
      kPatience, [&] { return Scraped(f.port).value("dkvm_metrics_http_turned_away_total") > 0; }));
  CHECK(f.desk.pid("metrics") == before);
  CHECK(f.desk.state("metrics") == "running");
}

TEST_CASE("After kill -9 the page is back, and counts that death") {
  Fixture f;
  f.start();
  REQUIRE(f.shows("dkvm_up", 1));
  f.keyboard.down("KEY_A");
  REQUIRE(f.shows("dkvm_kernel_events_undelivered_total{reason=\"looped\"}", 0));
  const pid_t before = f.desk.pid("metrics");
  f.desk.kill("metrics", SIGKILL);
  f.desk.wait_restarted("metrics", before);
  CHECK(f.shows("dkvm_device_restarts_total{device=\"metrics\"}", 1));
  CHECK(f.shows("dkvm_device_deaths_total{device=\"metrics\",reason=\"signal\"}", 1));
  CHECK(f.desk.call("kernel.info").at("gaps") == 0);
}

TEST_CASE("Series of a device and a pipeline go when a reload removes them") {
  Fixture f;
  f.start(kScreen, kShowing);
  REQUIRE(f.shows(state_of("screen", "running"), 1));
  REQUIRE(f.shows("dkvm_pipeline_state{pipeline=\"showing\",state=\"active\"}", 1));
  const pid_t before = f.desk.pid("metrics");
  f.desk.write("devices:\n" + f.devices() + metrics_yaml(f.port) + "pipelines:\n" + kTyping);
  f.desk.ctl("reload");
  CHECK(eventually(kPatience, [&] {
    const Scraped page(f.port);
    return page.ok() && !page.has("\"screen\"") && !page.has("\"showing\"") &&
           !page.has("\"window\"");
  }));
  CHECK(Scraped(f.port).value(state_of("typed", "running")) == 1);
  CHECK(f.desk.pid("metrics") == before);
}

TEST_CASE("An address that others reach needs a reach that says so") {
  Desk desk;
  desk.write("devices:\n  metrics: {type: metrics, config: {listen: \"0.0.0.0:0\"}}\n");
  desk.launch(false);
  desk.wait_state("metrics", "failed");
  const std::string reason = desk.device("metrics").at("reason");
  INFO(reason);
  CHECK(reason.find("reach: lan") != std::string::npos);
}

TEST_CASE("A link that dies, or whose device hangs, is seen while pages go on") {
  LinkedDesks desks;
  const std::uint16_t port = free_port();
  const std::string keys =
      "  keyboard: {type: dummy-keyboard-source, config: {file: " DKVM_SOURCE_DIR
      "/config/examples/keys.jsonl, mode: loop}}\n";
  desks.start("desk", keys + metrics_yaml(port, "network"),
              "  - {name: keys, from: keyboard, to: link/laptop/keys}\n");
  desks.start("laptop", kTyped, "  - {name: keys, from: link/desk/keys, to: typed}\n");
  desks.wait_stream("desk", "laptop", "keys");
  const auto shows = [&](const std::string& series, double value) {
    return eventually(kPatience, [&] { return Scraped(port).value(series) == value; });
  };
  REQUIRE(shows(link_state("up"), 1));
  const Scraped up(port);
  CHECK(up.value("dkvm_link_rtt_seconds{device=\"network\",peer=\"laptop\"}") > 0);
  CHECK(up.value("dkvm_link_connects_total{device=\"network\",peer=\"laptop\"}") >= 1);
  CHECK(up.value("dkvm_link_sent_bytes_total{device=\"network\",peer=\"laptop\"}") > 0);

  desks["laptop"].kernel().signal(SIGKILL);
  CHECK(shows(link_state("down"), 1));
  CHECK(shows(link_state("up"), 0));
  CHECK_FALSE(Scraped(port).has("dkvm_link_rtt_seconds{"));

  desks["desk"].kill("network", SIGSTOP);
  CHECK(shows("dkvm_metrics_degraded", 1));
  CHECK(Scraped(port).value("dkvm_up") == 1);
  // The kernel ends what hangs, and starts it again.
  CHECK(shows("dkvm_device_deaths_total{device=\"network\",reason=\"hung\"}", 1));
  CHECK(shows("dkvm_metrics_degraded", 0));
}
