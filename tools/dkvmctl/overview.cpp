#include "tools/dkvmctl/overview.hpp"

#include "tools/dkvmctl/device_text.hpp"
#include "tools/dkvmctl/edge_text.hpp"
#include "tools/dkvmctl/switch_text.hpp"
#include "tools/dkvmctl/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace dkvm::ctl {
namespace {

// What is none stays out of sight.
std::string rate_or_nothing(double per_second) {
  return per_second > 0 ? rate_text(per_second) : "";
}

double weight(const Json& device, const Rates& rates, SortBy by) {
  const Rates::Traffic& traffic = rates.of_device(text_of(device, "name"));
  switch (by) {
    case SortBy::name: return 0;
    case SortBy::cpu: return rates.cpu(device);
    case SortBy::memory: return number_of(device, "rss_bytes");
    case SortBy::rate: return traffic.sent + traffic.got;
    case SortBy::drops: return traffic.dropped;
    case SortBy::latency: return traffic.latency_us;
  }
  return 0;
}

std::vector<const Json*> sorted(const Json& devices, const Rates& rates, SortBy by) {
  std::vector<const Json*> order;
  for (const Json& device : devices) order.push_back(&device);
  std::ranges::stable_sort(order, [&](const Json* one, const Json* other) {
    return weight(*one, rates, by) > weight(*other, rates, by);
  });
  return order;
}

void add_device(Table& table, const Json& device, const Rates& rates) {
  const std::string state = text_of(device, "state");
  const bool runs = count_of(device, "pid") != 0;
  const Rates::Traffic& traffic = rates.of_device(text_of(device, "name"));
  table.row({text_of(device, "name"),
             {state, tone_of_state(state)},
             duration_text(number_of(device, "since_s")),
             runs ? share_text(rates.cpu(device)) : "",
             runs ? bytes_text(count_of(device, "rss_bytes")) : "",
             rate_or_nothing(traffic.sent),
             rate_or_nothing(traffic.got),
             {rate_or_nothing(traffic.dropped), Tone::careful},
             traffic.latency_us > 0 ? micros_text(traffic.latency_us) : "",
             count_of(device, "restarts") == 0 ? "" : count_text(count_of(device, "restarts")),
             reason_text(device)});
}

}  // namespace

std::optional<SortBy> sort_named(const std::string& name) {
  for (const SortKey& each : kSortKeys)
    if (name == each.name) return each.by;
  return std::nullopt;
}

std::optional<SortBy> sort_of_key(char key) {
  for (const SortKey& each : kSortKeys)
    if (key == each.key) return each.by;
  return std::nullopt;
}

std::string kernel_lines(const Sample& now, const Rates& rates) {
  const Json& info = now.kernel;
  std::string text =
      fmt::format("{}, dKVM {}, for {}: {} of a processor, {}, {} events/s\n",
                  printable(text_of(info, "name")), printable(text_of(info, "version")),
                  duration_text(number_of(info, "uptime_s")), share_text(rates.kernel_cpu()),
                  bytes_text(count_of(info, "rss_bytes")), rate_text(rates.events()));
  if (!now.switches.is_array()) return text;
  for (const Json& each : now.switches)
    text += fmt::format("input of {}: {}\n", printable(text_of(each, "name")),
                        printable(holder_text(each)));
  return text;
}

std::string device_lines(const Sample& now, const Rates& rates, SortBy by, const Style& style) {
  Table table({{"DEVICE"},
               {"STATE"},
               {"FOR", Align::right},
               {"CPU", Align::right},
               {"MEMORY", Align::right},
               {"SENT/s", Align::right},
               {"GOT/s", Align::right},
               {"DROPS/s", Align::right},
               {"P99", Align::right},
               {"RESTARTS", Align::right},
               {"REASON"}});
  for (const Json* device : sorted(now.devices, rates, by)) add_device(table, *device, rates);
  return table.empty() ? "no devices\n" : table.render(style);
}

std::string edge_lines(const Sample& now, const Rates& rates, const Style& style) {
  Table table({{"PIPELINE"},
               {"EDGE"},
               {"STATE"},
               {"IN/s", Align::right},
               {"DELIVERED/s", Align::right},
               {"DROPS/s", Align::right},
               {"QUEUE", Align::right},
               {"WHOLE p50/p99", Align::right}});
  for (const Json& edge : now.edges) {
    const std::string state = text_of(edge, "state");
    const std::uint64_t depth = count_of(edge, "depth");
    table.row({text_of(edge, "pipeline"),
               way_text(edge),
               {state, tone_of_state(state)},
               rate_text(rates.of_edge(edge, "in")),
               rate_text(rates.of_edge(edge, "delivered")),
               {rate_or_nothing(rates.of_edge(edge, "dropped")), Tone::careful},
               depth == 0 ? "" : count_text(depth),
               latency_text(edge, "whole")});
  }
  return table.empty() ? "no edges\n" : table.render(style);
}

Json overview_json(const Sample& now, const Rates& rates) {
  Json devices = Json::array();
  for (const Json& device : now.devices) {
    const std::string name = text_of(device, "name");
    const Rates::Traffic& traffic = rates.of_device(name);
    devices.push_back({{"name", name},
                       {"state", text_of(device, "state")},
                       {"cpu", rates.cpu(device)},
                       {"rss_bytes", count_of(device, "rss_bytes")},
                       {"restarts", count_of(device, "restarts")},
                       {"sent_per_s", traffic.sent},
                       {"got_per_s", traffic.got},
                       {"dropped_per_s", traffic.dropped},
                       {"whole_p99_us", traffic.latency_us}});
  }
  Json edges = Json::array();
  for (const Json& edge : now.edges)
    edges.push_back({{"pipeline", text_of(edge, "pipeline")},
                     {"from", text_of(edge, "from")},
                     {"to", text_of(edge, "to")},
                     {"state", text_of(edge, "state")},
                     {"in_per_s", rates.of_edge(edge, "in")},
                     {"delivered_per_s", rates.of_edge(edge, "delivered")},
                     {"dropped_per_s", rates.of_edge(edge, "dropped")},
                     {"depth", count_of(edge, "depth")},
                     {"latency", field(edge, "latency")}});
  return {{"kernel",
           {{"name", text_of(now.kernel, "name")},
            {"uptime_s", number_of(now.kernel, "uptime_s")},
            {"cpu", rates.kernel_cpu()},
            {"rss_bytes", count_of(now.kernel, "rss_bytes")},
            {"events_per_s", rates.events()}}},
          {"devices", std::move(devices)},
          {"edges", std::move(edges)},
          {"switches", now.switches}};
}

}  // namespace dkvm::ctl
