#include "tools/dkvmctl/overview.hpp"

#include <catch2/catch.hpp>

using namespace dkvm::ctl;
using namespace std::chrono_literals;

namespace {

Json device(const char* name, int pid, double cpu_s, int rss = 0) {
  return {{"name", name}, {"state", "running"}, {"pid", pid}, {"cpu_s", cpu_s}, {"rss_bytes", rss}};
}

Json edge(int id, const char* from, const char* to, int delivered, int dropped) {
  return {{"id", id},
          {"pipeline", "p"},
          {"from", from},
          {"to", to},
          {"delivered", delivered},
          {"dropped", dropped},
          {"latency", {{"whole", {{"count", 1}, {"p99_us", 50.0 * id}}}}}};
}

Sample sample(std::chrono::milliseconds at, const Json& devices, const Json& edges, int published) {
  // As they come from a kernel, whose counts are read as unsigned.
  const auto as_read = [](const Json& json) { return Json::parse(json.dump()); };
  return {std::chrono::steady_clock::time_point(at),
          as_read({{"cpu_s", static_cast<double>(at.count()) / 10'000},
                   {"events", {{"published", published}}}}),
          as_read(devices), as_read(edges), Json()};
}

// Two seconds between them.
const Sample kBefore = sample(1s, {device("a", 1, 1.0), device("b", 2, 5.0)},
                              Json::array({edge(1, "a/x", "b/y", 100, 7)}), 1000);
const Sample kNow = sample(3s, {device("a", 1, 1.5, 9), device("b", 3, 0.2, 8)},
                           {edge(1, "a/x", "b/y", 300, 11), edge(2, "a/x", "c/y", 20, 0)}, 1500);

}  // namespace

TEST_CASE("rates are differences by the second") {
  const Rates rates(kBefore, kNow);
  CHECK(rates.of_edge(kNow.edges[0], "delivered") == Approx(100));
  CHECK(rates.of_edge(kNow.edges[0], "dropped") == Approx(2));
  CHECK(rates.events() == Approx(250));
  CHECK(rates.cpu(kNow.devices[0]) == Approx(0.25));
  CHECK(rates.kernel_cpu() == Approx(0.1));
}

TEST_CASE("what is new, or was restarted in between, counts from nothing") {
  const Rates rates(kBefore, kNow);
  CHECK(rates.of_edge(kNow.edges[1], "delivered") == Approx(10));
  CHECK(rates.cpu(kNow.devices[1]) == Approx(0.1));
}

TEST_CASE("a device's traffic is that of its edges, with the worst of their latencies") {
  const Rates rates(kBefore, kNow);
  CHECK(rates.of_device("a").sent == Approx(110));
  CHECK(rates.of_device("a").got == 0);
  CHECK(rates.of_device("b").got == Approx(100));
  CHECK(rates.of_device("b").dropped == Approx(2));
  CHECK(rates.of_device("c").latency_us == Approx(100));
  CHECK(rates.of_device("nobody").sent == 0);
}

TEST_CASE("two samples of one moment have no rates") {
  const Rates rates(kNow, kNow);
  CHECK(rates.events() == 0);
  CHECK(rates.cpu(kNow.devices[0]) == 0);
}

TEST_CASE("devices are sorted by what is asked for, the most first") {
  const Rates rates(kBefore, kNow);
  const auto first = [&](SortBy by) {
    const std::string lines = device_lines(kNow, rates, by, Style(false));
    const std::size_t second_line = lines.find('\n') + 1;
    return lines.substr(second_line, 1);
  };
  CHECK(first(SortBy::name) == "a");
  CHECK(first(SortBy::cpu) == "a");
  CHECK(first(SortBy::memory) == "a");
  CHECK(first(SortBy::drops) == "b");
  CHECK(first(SortBy::latency) == "b");
  CHECK(sort_of_key('m') == SortBy::memory);
  CHECK_FALSE(sort_of_key('x'));
  CHECK(sort_named("drops") == SortBy::drops);
}
