#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/device_text.hpp"
#include "tools/dkvmctl/pages.hpp"
#include "tools/dkvmctl/switch_text.hpp"
#include "tools/dkvmctl/table.hpp"

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dkvm::ctl {
namespace {

// `3 running, 1 failed`: those that run come first.
std::string states_text(const Json& devices) {
  std::map<std::string, int> counts;
  for (const Json& device : devices) ++counts[text_of(device, "state")];
  std::string text;
  const auto add = [&](const std::string& state, int count) {
    if (count != 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, state);
  };
  add("running", std::exchange(counts["running"], 0));
  for (const auto& [state, count] : counts) add(printable(state), count);
  return text.empty() ? "none" : text;
}

std::string pipelines_text(const Json& pipelines) {
  std::uint64_t edges = 0;
  std::size_t disabled = 0;
  std::uint64_t delivered = 0;
  std::uint64_t dropped = 0;
  for (const Json& pipeline : pipelines) {
    if (!flag_of(pipeline, "enabled")) ++disabled;
    edges += count_of(pipeline, "edge_count");
    delivered += count_of(pipeline, "delivered");
    dropped += count_of(pipeline, "dropped");
  }
  if (pipelines.empty()) return "none";
  return fmt::format("{}{}, {} {}, {} events delivered, {} dropped", pipelines.size(),
                     disabled == 0 ? "" : fmt::format(" ({} disabled)", disabled), edges,
                     edges == 1 ? "edge" : "edges", count_text(delivered), count_text(dropped));
}

bool in_trouble(const std::string& state) {
  return state == "failed" || state == "backoff" || state == "degraded";
}

std::string troubles(const Json& devices, const Style& style) {
  Table table({{"DEVICE"}, {"STATE"}, {"FOR"}, {"REASON"}});
  for (const Json& device : devices) {
    const std::string state = text_of(device, "state");
    if (!in_trouble(state)) continue;
    table.row({text_of(device, "name"),
               {state, tone_of_state(state)},
               duration_text(number_of(device, "since_s")),
               reason_text(device)});
  }
  return table.empty() ? "" : "\n" + table.render(style);
}

// What the grants allow to see; the rest is null.
struct Seen {
  Json kernel;
  Json devices;
  Json pipelines;
  Json switches;
};

// The answer, or null where a grant is missing, which is noted.
Called<Json> if_granted(Called<Json> answer, std::vector<CallError>& denied) {
  if (answer || !lacks_grant(answer.error())) return answer;
  denied.push_back(std::move(answer).error());
  return Json();
}

Called<Seen> look(Ctl& ctl, std::vector<CallError>& denied) {
  const auto list = [&](const char* method, const char* key) {
    return if_granted(all_pages(ctl, method, Json::object(), key), denied);
  };
  Seen seen;
  DKVM_TRY(seen.kernel, if_granted(ctl.kernel("kernel.info"), denied));
  DKVM_TRY(seen.devices, list("devices.list", "devices"));
  DKVM_TRY(seen.pipelines, list("pipelines.list", "pipelines"));
  // Who may not see them has none to look after.
  if (auto switches = all_pages(ctl, "pipelines.switches", Json::object(), "switches"))
    seen.switches = *std::move(switches);
  else if (switches.error().kind != CallError::Kind::answered)
    return fail(std::move(switches).error());
  return seen;
}

std::string overview(const Seen& seen, const std::string& socket, const Style& style) {
  Table table({{""}, {""}});
  const auto row = [&](const char* what, std::string text) {
    table.row({{what, Tone::faint}, std::move(text)});
  };
  const Json& info = seen.kernel;
  if (!info.is_null()) {
    row("kernel", fmt::format("{}, dKVM {}", text_of(info, "name"), text_of(info, "version")));
    row("running", fmt::format("for {}, pid {}, {}", duration_text(number_of(info, "uptime_s")),
                               text_of(info, "pid"), bytes_text(count_of(info, "rss_bytes"))));
    row("config", text_of(info, "config"));
  }
  row("socket", socket);
  if (!seen.devices.is_null()) row("devices", states_text(seen.devices));
  if (!seen.pipelines.is_null()) row("pipelines", pipelines_text(seen.pipelines));
  for (const Json& each : seen.switches)
    row("input", fmt::format("{}: {}", text_of(each, "name"), holder_text(each)));
  return table.render(style) + troubles(seen.devices, style);
}

// What only one of them knows is refused, or not shown.
void compare_versions(const Screen& screen, const Json& info) {
  const std::string kernel = text_of(info, "version");
  if (!info.is_null() && kernel != DKVM_VERSION)
    screen.note(
        fmt::format("the kernel is dKVM {}, this dkvmctl {}: start the kernel anew, or "
                    "use its own dkvmctl",
                    printable(kernel), DKVM_VERSION));
}

Called<> show_status(Ctl& ctl) {
  std::vector<CallError> denied;
  DKVM_TRY(const Seen seen, look(ctl, denied));
  compare_versions(ctl.screen, seen.kernel);
  if (denied.size() == 3) return fail(joined(denied));
  if (ctl.screen.json()) {
    ctl.screen.document({{"kernel", seen.kernel},
                         {"devices", seen.devices},
                         {"pipelines", seen.pipelines},
                         {"switches", seen.switches}});
  } else {
    ctl.screen.print(overview(seen, ctl.client.path(), ctl.screen.style()));
  }
  if (denied.empty()) return {};
  return fail(joined(denied));
}

}  // namespace

void add_status(CLI::App& app, Command& chosen) {
  app.add_subcommand("status", "How the kernel is, and which devices are in trouble")
      ->group(kGroupLook)
      ->callback([&chosen] { chosen = show_status; });
}

}  // namespace dkvm::ctl
