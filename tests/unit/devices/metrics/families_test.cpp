#include "devices/metrics/families.hpp"

#include "devices/metrics/limits.hpp"

#include <fmt/format.h>
#include <prometheus/text_serializer.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

using namespace dkvm::metrics;

namespace {

// The lines of a page, without HELP and TYPE.
std::vector<std::string> lines_of(Sheet sheet) {
  std::istringstream page(prometheus::TextSerializer().Serialize(std::move(sheet).take()));
  std::vector<std::string> lines;
  for (std::string line; std::getline(page, line);)
    if (!line.starts_with('#')) lines.push_back(line);
  return lines;
}

std::size_t count(const std::vector<std::string>& lines, const std::string& begin) {
  std::size_t found = 0;
  for (const std::string& line : lines)
    if (line.starts_with(begin)) ++found;
  return found;
}

bool has(const std::vector<std::string>& lines, const std::string& wanted) {
  return std::find(lines.begin(), lines.end(), wanted) != lines.end();
}

Json edge(int id, const std::string& pipeline, int in) {
  return {{"id", id},     {"pipeline", pipeline},      {"from", "keyboard/keys"},
          {"to", "d/in"}, {"state", "active"},         {"topics", {"key", "input_state"}},
          {"in", in},     {"drops", {{"overflow", 3}}}};
}

std::optional<std::uint64_t> no_size(int) { return std::nullopt; }

template <class Add>
std::vector<std::string> page_of(const Snapshot& seen, Add add, LeftOut* left_out = nullptr) {
  Sheet sheet;
  LeftOut ignored;
  add(sheet, seen, left_out == nullptr ? ignored : *left_out);
  return lines_of(std::move(sheet));
}

}  // namespace

TEST_CASE("a histogram is cumulated, in seconds, up to infinity") {
  Snapshot seen;
  seen.bounds_us = {10.0, 20000.0};
  Json told = edge(1, "keys", 7);
  told["latency"]["whole"] = {{"count", 7}, {"sum_us", 30010.0}, {"buckets", {4U, 2U, 1U}}};
  told["latency"]["applied"] = {{"count", 0}, {"sum_us", 0}, {"buckets", Json::array()}};
  seen.edges.push_back(told);
  const auto lines = page_of(seen, add_edges);
  const std::string labels =
      "pipeline=\"keys\",from=\"keyboard/keys\",to=\"d/in\",kind=\"input\",hop=\"whole\"";
  CHECK(has(lines, "dkvm_edge_latency_seconds_bucket{" + labels + ",le=\"1e-05\"} 4"));
  CHECK(has(lines, "dkvm_edge_latency_seconds_bucket{" + labels + ",le=\"0.02\"} 6"));
  CHECK(has(lines, "dkvm_edge_latency_seconds_bucket{" + labels + ",le=\"+Inf\"} 7"));
  CHECK(has(lines, "dkvm_edge_latency_seconds_count{" + labels + "} 7"));
  CHECK(has(lines, "dkvm_edge_latency_seconds_sum{" + labels + "} 0.03001"));
  CHECK(count(lines, "dkvm_edge_latency_seconds_count") == 1);  // none of a hop without events
}

TEST_CASE("of edges of one name the newest is told, and once") {
  Snapshot seen;
  seen.edges = {edge(1, "keys", 100), edge(2, "other", 50), edge(7, "keys", 3)};
  const auto lines = page_of(seen, add_edges);
  CHECK(count(lines, "dkvm_edge_events_total{pipeline=\"keys\"") == 1);
  CHECK(has(lines,
            "dkvm_edge_events_total{pipeline=\"keys\",from=\"keyboard/keys\",to=\"d/in\","
            "kind=\"input\"} 3"));
}

TEST_CASE("drops are told by every reason that there is, also before the first one") {
  Snapshot seen;
  seen.edges.push_back(edge(1, "keys", 7));
  const auto lines = page_of(seen, add_edges);
  CHECK(count(lines, "dkvm_edge_drops_total") == 13);
  CHECK(has(lines,
            "dkvm_edge_drops_total{pipeline=\"keys\",from=\"keyboard/keys\",to=\"d/in\","
            "kind=\"input\",reason=\"overflow\"} 3"));
}

TEST_CASE("an edge is of a kind by what it carries, input before all else") {
  const auto kind = [](const Json& topics) {
    Snapshot seen;
    seen.edges.push_back(edge(1, "it", 0));
    seen.edges[0]["topics"] = topics;
    for (const std::string& line : page_of(seen, add_edges))
      if (const auto at = line.find("kind=\""); at != std::string::npos)
        return line.substr(at + 6, line.find('"', at + 6) - at - 6);
    return std::string();
  };
  CHECK(kind({"display_frame", "cursor"}) == "picture");
  CHECK(kind({"audio_frame"}) == "sound");
  CHECK(kind({"media_packet"}) == "media");
  CHECK(kind({"display_frame", "pointer_motion"}) == "input");
  CHECK(kind({"*"}) == "other");
  CHECK(kind(Json::array()) == "other");
}

TEST_CASE("more of anything than there are series for is left out, and counted") {
  Snapshot seen;
  for (std::size_t i = 0; i < kEdgesMax + 5; ++i)
    seen.edges.push_back(edge(static_cast<int>(i), fmt::format("p{}", i), 0));
  for (std::size_t i = 0; i < kDevicesMax + 3; ++i)
    seen.devices.push_back({{"name", fmt::format("d{}", i)}, {"state", "running"}});
  for (std::size_t i = 0; i < kLinksMax + 2; ++i)
    seen.links.push_back({{"peer", fmt::format("l{}", i)}, {"device", "net"}});
  seen.memory = Json::object();
  for (std::size_t i = 0; i < kPoolOwnersMax + 1; ++i)
    seen.pools.push_back({{"device", fmt::format("d{}", i)}, {"port", 1}});
  LeftOut left_out;
  CHECK(count(page_of(seen, add_edges, &left_out), "dkvm_edge_active") == kEdgesMax);
  CHECK(count(page_of(seen, add_links, &left_out), "dkvm_link_connects_total") == kLinksMax);
  CHECK(count(page_of(seen, add_memory, &left_out), "dkvm_pool_bytes") == kPoolOwnersMax);
  Sheet sheet;
  add_devices(sheet, seen, no_size, left_out);
  CHECK(count(lines_of(std::move(sheet)), "dkvm_device_info") == kDevicesMax);
  CHECK(left_out == LeftOut{{"edges", 5}, {"devices", 3}, {"links", 2}, {"pools", 1}});
}

TEST_CASE("a device has one state, and figures of its process only with one") {
  Snapshot seen;
  seen.devices = {{{"name", "keys"},
                   {"state", "running"},
                   {"pid", 7},
                   {"cpu_s", 1.5},
                   {"rss_bytes", 4096},
                   {"deaths", {{"signal", 2}}}},
                  {{"name", "pedal"}, {"state", "backoff"}, {"pid", 0}}};
  Sheet sheet;
  LeftOut left_out;
  add_devices(
      sheet, seen, [](int pid) { return std::optional<std::uint64_t>(pid * 1000); }, left_out);
  const auto lines = lines_of(std::move(sheet));
  CHECK(has(lines, "dkvm_device_state{device=\"keys\",state=\"running\"} 1"));
  CHECK(has(lines, "dkvm_device_state{device=\"keys\",state=\"failed\"} 0"));
  CHECK(has(lines, "dkvm_device_state{device=\"pedal\",state=\"backoff\"} 1"));
  CHECK(has(lines, "dkvm_device_deaths_total{device=\"keys\",reason=\"signal\"} 2"));
  CHECK(has(lines, "dkvm_device_deaths_total{device=\"pedal\",reason=\"signal\"} 0"));
  CHECK(has(lines, "dkvm_device_cpu_seconds_total{device=\"keys\"} 1.5"));
  CHECK(has(lines, "dkvm_device_proportional_memory_bytes{device=\"keys\"} 7000"));
  CHECK(count(lines, "dkvm_device_cpu_seconds_total") == 1);
}

TEST_CASE("buffers are told by port, whatever pools come and go under it") {
  const auto pool = [](int number, int leased) {
    return Json{
        {"pool", number},
        {"device", "screen"},
        {"port", 1},
        {"bytes", 100},
        {"slots", 5},
        {"free", 2},
        {"writing", 1},
        {"consumers",
         {{{"device", "show"}, {"port", 2}, {"leased", leased}, {"share", 2}, {"queued", 1}}}}};
  };
  Snapshot seen;
  seen.memory = {{"pool_count", 2}, {"bytes", 200}, {"bytes_max", 1000}};
  seen.pools = {pool(1, 1), pool(9, 2)};
  const auto lines = page_of(seen, add_memory);
  CHECK(has(lines, "dkvm_pool_bytes{device=\"screen\",port=\"1\"} 200"));
  CHECK(has(lines, "dkvm_pool_slots{device=\"screen\",port=\"1\",state=\"used\"} 4"));
  CHECK(has(lines, "dkvm_memory_leases{device=\"show\",port=\"2\"} 3"));
}

TEST_CASE("a link that is down has no round trip") {
  Snapshot seen;
  seen.links = {{{"device", "net"}, {"peer", "a"}, {"state", "up"}, {"rtt_us", 500}},
                {{"device", "net"}, {"peer", "b"}, {"state", "down"}, {"rtt_us", 500}}};
  const auto lines = page_of(seen, add_links);
  CHECK(has(lines, "dkvm_link_rtt_seconds{device=\"net\",peer=\"a\"} 0.0005"));
  CHECK(count(lines, "dkvm_link_rtt_seconds") == 1);
  CHECK(has(lines, "dkvm_link_state{device=\"net\",peer=\"b\",state=\"down\"} 1"));
}

TEST_CASE("who has the input is told of every switch") {
  Snapshot seen;
  seen.switches = {{{"name", "desk"},
                    {"target", "laptop"},
                    {"locked", true},
                    {"targets",
                     {{{"name", "local"}, {"state", "home"}},
                      {{"name", "laptop"}, {"state", "ready"}},
                      {{"name", "couch"}, {"state", "away"}}}}}};
  const auto lines = page_of(seen, add_switches);
  CHECK(has(lines, "dkvm_switch_input{switch=\"desk\",target=\"laptop\"} 1"));
  CHECK(has(lines, "dkvm_switch_input{switch=\"desk\",target=\"local\"} 0"));
  CHECK(has(lines, "dkvm_switch_target_ready{switch=\"desk\",target=\"couch\"} 0"));
  CHECK(has(lines, "dkvm_switch_locked{switch=\"desk\"} 1"));
}

TEST_CASE("answers of another shape than expected are no harm") {
  Snapshot seen;
  const Json odd = {{"name", 7},
                    {"state", {1, 2}},
                    {"pid", "many"},
                    {"deaths", "none"},
                    {"topics", "key"},
                    {"latency", 3},
                    {"drops", {1}},
                    {"missing", 9},
                    {"targets", {1, "two"}},
                    {"consumers", {{"device", nullptr}}},
                    {"in", -5},
                    {"rtt_us", "long"}};
  seen.kernel = odd;
  seen.memory = odd;
  for (Json* list :
       {&seen.devices, &seen.pipelines, &seen.edges, &seen.switches, &seen.pools, &seen.links})
    *list = {odd, odd};
  seen.bounds_us = {"wide", 1};
  Sheet sheet;
  LeftOut left_out;
  add_kernel(sheet, seen, no_size);
  add_devices(sheet, seen, no_size, left_out);
  add_pipelines(sheet, seen, left_out);
  add_edges(sheet, seen, left_out);
  add_switches(sheet, seen, left_out);
  add_memory(sheet, seen, left_out);
  add_links(sheet, seen, left_out);
  CHECK(count(lines_of(std::move(sheet)), "dkvm_device_info") == 1);
}
