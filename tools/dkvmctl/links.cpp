#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/link_answers.hpp"
#include "tools/dkvmctl/table.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

namespace dkvm::ctl {
namespace {

constexpr std::size_t kFingerprintShown = 7 + 16;  // sha256: and its first digits

// Those that no device knows: whom some device could not be asked for may be known there.
std::vector<std::string> nobodys(const LinkAnswers& all) {
  std::vector<std::string> peers;
  for (const auto& [peer, devices] : all.unknown)
    if (devices == all.devices) peers.push_back(peer);
  return peers;
}

// A quantity that is not known is left out.
std::string micros_of(const Json& link, const char* key) {
  return field(link, key).is_number() ? micros_text(number_of(link, key)) : "";
}

std::string offset_text(const Json& link) {
  if (!field(link, "offset_us").is_number()) return {};
  const double offset = number_of(link, "offset_us");
  return fmt::format("{}{} ± {}", offset < 0 ? "-" : "+", micros_text(std::abs(offset)),
                     micros_text(number_of(link, "offset_error_us")));
}

std::string traffic_text(const Json& link, const std::string& direction) {
  const std::uint64_t bytes = count_of(link, (direction + "_bytes").c_str());
  const double rate = number_of(link, (direction + "_bytes_per_s").c_str());
  if (rate < 1) return bytes == 0 ? "" : bytes_text(bytes);
  return fmt::format("{} ({}/s)", bytes_text(bytes), bytes_text(static_cast<std::uint64_t>(rate)));
}

std::string bytes_or_nothing(std::uint64_t bytes) { return bytes == 0 ? "" : bytes_text(bytes); }

std::string table_of(const Json& links, const Style& style) {
  Table table({{"PEER"},
               {"DEVICE"},
               {"STATE"},
               {"FOR", Align::right},
               {"RTT", Align::right},
               {"OFFSET", Align::right},
               {"SENT", Align::right},
               {"RECEIVED", Align::right},
               {"QUEUE", Align::right},
               {"DROPS", Align::right},
               {"ADDRESS"},
               {"FINGERPRINT"}});
  for (const Json& link : links) {
    const std::string state = text_of(link, "state");
    const std::uint64_t drops = count_of(link, "drops");
    table.row({text_of(link, "peer"),
               text_of(link, "device"),
               {state, tone_of_state(state)},
               duration_text(number_of(link, "since_s")),
               micros_of(link, "rtt_us"),
               offset_text(link),
               traffic_text(link, "sent"),
               traffic_text(link, "received"),
               bytes_or_nothing(count_of(link, "queue_bytes")),
               drops == 0 ? "" : count_text(drops),
               text_of(link, "address"),
               text_of(link, "fingerprint").substr(0, kFingerprintShown)});
  }
  return table.empty() ? "no links\n" : table.render(style);
}

// What came to nothing on a link, each with its reason; empty when nothing did.
std::string losses_of(const Json& link) {
  std::vector<std::string> parts;
  const Json& dropped = field(link, "dropped");
  for (const char* reason : {"stale", "late", "oversize", "unasked", "refused"})
    if (const std::uint64_t count = count_of(dropped, reason); count != 0)
      parts.push_back(fmt::format("{} {}", count_text(count), reason));
  std::string text;
  if (!parts.empty())
    text = fmt::format("{} has dropped: {}\n", printable(text_of(link, "peer")),
                       fmt::join(parts, ", "));
  if (const std::uint64_t calls = count_of(link, "calls_refused"); calls != 0)
    text += fmt::format("{} has had {} overloaded\n", printable(text_of(link, "peer")),
                        calls == 1 ? "1 call" : count_text(calls) + " calls");
  return text;
}

// Why links are as they are, and where others can connect to.
std::string remarks(const LinkAnswers& all) {
  std::string text;
  for (const Json& link : all.links)
    if (const std::string reason = text_of(link, "reason"); !reason.empty())
      text += fmt::format("{} is {}: {}\n", printable(text_of(link, "peer")),
                          printable(text_of(link, "state")), printable(reason));
  for (const Json& link : all.links) text += losses_of(link);
  for (const std::string& peer : nobodys(all))
    text += fmt::format(
        "pipelines name '{}', whom no link device knows: is that its name? "
        "`dkvmctl pair` makes two machines know each other\n",
        printable(peer));
  for (const std::string& device : all.silent) text += printable(device) + "\n";
  for (const Json& each : all.listening)
    text += fmt::format("{} listens at {}\n", printable(text_of(each, "device")),
                        printable(text_of(each, "address")));
  return text.empty() ? "" : "\n" + text;
}

void show(Screen& screen, const LinkAnswers& all) {
  if (screen.json()) {
    screen.document(
        {{"links", all.links}, {"listening", all.listening}, {"unknown", nobodys(all)}});
    for (const std::string& device : all.silent) screen.note(device);
  } else if (all.devices == 0) {
    screen.print("no device of type tcp-server or tcp-client is there to make links\n");
  } else if (all.failures.size() != all.devices) {
    screen.print(table_of(all.links, screen.style()) + remarks(all));
  }
}

Called<> show_links(Ctl& ctl) {
  DKVM_TRY(const LinkAnswers all, ask_links(ctl));
  show(ctl.screen, all);
  if (all.failures.empty()) return {};
  for (std::size_t at = 0; at + 1 < all.failures.size(); ++at)
    ctl.screen.note(explain(all.failures[at]));
  return fail(all.failures.back());
}

}  // namespace

void add_links(CLI::App& app, Command& chosen) {
  app.add_subcommand("links", "The links with other kernels, and how they do")
      ->group(kGroupLook)
      ->callback([&chosen] { chosen = show_links; });
}

}  // namespace dkvm::ctl
