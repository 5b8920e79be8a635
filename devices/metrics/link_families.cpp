#include "devices/metrics/rows.hpp"

#include "devices/metrics/limits.hpp"

#include <array>

namespace dkvm::metrics {
namespace {

constexpr std::array<std::string_view, 5> kLinkStates = {"connecting", "up", "degraded", "down",
                                                         "refused"};

void add_link(Sheet& sheet, const Json& link) {
  constexpr double kUsPerS = 1e6;
  const Labels labels = {text_of(link, "device"), text_of(link, "peer")};
  const auto add = [&](const MetricInfo& metric, const char* name, double per = 1) {
    sheet.add(metric, labels, number_of(link, name) / per);
  };
  const std::string state = text_of(link, "state");
  sheet.add_state(metric::kLinkState, labels, kLinkStates, state);
  add(metric::kSentBytes, "sent_bytes");
  add(metric::kReceivedBytes, "received_bytes");
  add(metric::kLinkQueue, "queue_bytes");
  add(metric::kLinkDrops, "drops");
  add(metric::kConnects, "connects");
  const bool there = state == "up" || state == "degraded";
  if (!there || !field(link, "rtt_us").is_number()) return;  // nobody to measure, or not yet
  add(metric::kRtt, "rtt_us", kUsPerS);
  add(metric::kOffset, "offset_us", kUsPerS);
  add(metric::kOffsetError, "offset_error_us", kUsPerS);
}

}  // namespace

void add_links(Sheet& sheet, const Snapshot& seen, LeftOut& left_out) {
  each_row(
      seen.links, kLinksMax, "links", left_out,
      [](const Json& link) { return joined(text_of(link, "device"), text_of(link, "peer")); },
      [&](const Json& link) { add_link(sheet, link); });
}

}  // namespace dkvm::metrics
