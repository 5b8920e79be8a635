#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/pages.hpp"
#include "tools/dkvmctl/table.hpp"

#include <dkvm/process_memory.hpp>

#include <fmt/format.h>

#include <utility>

namespace dkvm::ctl {
namespace {

// A process of the kernel's, as this machine sees it.
Json process_of(const std::string& name, const Json& told) {
  Json process = {
      {"name", name}, {"pid", count_of(told, "pid")}, {"rss_bytes", count_of(told, "rss_bytes")}};
  const auto seen = read_process_memory(static_cast<int>(count_of(told, "pid")));
  if (!seen) return process;
  process["rss_bytes"] = seen->rss_bytes;
  process["pss_bytes"] = seen->pss_bytes;
  process["swap_bytes"] = seen->swap_bytes;
  return process;
}

// The kernel's own and those of its devices that run.
Called<Json> processes_of(Ctl& ctl) {
  Json processes = Json::array();
  DKVM_TRY(const Json info, ctl.kernel("kernel.info"));
  processes.push_back(process_of("kernel", info));
  DKVM_TRY(const Json devices, all_pages(ctl, "devices.list", Json::object(), "devices"));
  for (const Json& device : devices)
    if (count_of(device, "pid") != 0)
      processes.push_back(process_of(text_of(device, "name"), device));
  return processes;
}

// `one: 2 of 2, 1 waits`: leases of its share, and what waits in its queue.
std::string consumers_text(const Json& pool) {
  std::string text;
  for (const Json& each : list_of(pool, "consumers")) {
    if (!text.empty()) text += "; ";
    text += fmt::format("{}: {} of {}", text_of(each, "device"), count_of(each, "leased"),
                        count_of(each, "share"));
    if (const auto queued = count_of(each, "queued"); queued != 0)
      text += fmt::format(", {} {}", queued, queued == 1 ? "waits" : "wait");
  }
  return text;
}

std::string pools_text(const Json& pools, const Style& style) {
  Table table({{"POOL", Align::right},
               {"DEVICE"},
               {"STATE"},
               {"MEMORY"},
               {"BYTES", Align::right},
               {"SLOT", Align::right},
               {"SLOTS", Align::right},
               {"FREE", Align::right},
               {"WRITING", Align::right},
               {"EXHAUSTED", Align::right},
               {"LEASES"}});
  for (const Json& pool : pools) {
    const std::uint64_t exhausted = count_of(pool, "exhausted");
    table.row({text_of(pool, "pool"), text_of(pool, "device"), text_of(pool, "state"),
               text_of(pool, "memory"), bytes_text(count_of(pool, "bytes")),
               bytes_text(count_of(pool, "slot_bytes")), count_text(count_of(pool, "slots")),
               count_text(count_of(pool, "free")), count_text(count_of(pool, "writing")),
               exhausted == 0 ? Cell("") : Cell(count_text(exhausted), Tone::careful),
               consumers_text(pool)});
  }
  return table.empty() ? "" : "\n" + table.render(style);
}

std::string processes_text(const Json& processes, const Style& style) {
  Table table({{"PROCESS"},
               {"PID", Align::right},
               {"RSS", Align::right},
               {"PSS", Align::right},
               {"SWAP", Align::right}});
  for (const Json& each : processes) {
    const std::uint64_t swap = count_of(each, "swap_bytes");
    table.row({text_of(each, "name"), text_of(each, "pid"), bytes_text(count_of(each, "rss_bytes")),
               each.contains("pss_bytes") ? bytes_text(count_of(each, "pss_bytes")) : "",
               swap == 0 ? "" : bytes_text(swap)});
  }
  return "\n" + table.render(style);
}

std::string totals_text(const Json& answer) {
  std::string text =
      fmt::format("{} {}, {} of {}", count_of(answer, "pool_count"),
                  count_of(answer, "pool_count") == 1 ? "pool" : "pools",
                  bytes_text(count_of(answer, "bytes")), bytes_text(count_of(answer, "bytes_max")));
  if (const auto exhausted = count_of(answer, "exhausted"); exhausted != 0)
    text += fmt::format(", {} times exhausted", count_text(exhausted));
  if (const auto refused = count_of(answer, "refused"); refused != 0)
    text += fmt::format(", {} refused", count_text(refused));
  return text + "\n";
}

Called<> show_memory(Ctl& ctl) {
  DKVM_TRY(Json answer, whole_answer(ctl, "memory.stats", Json::object(), "pools"));
  DKVM_TRY(Json processes, processes_of(ctl));
  if (ctl.screen.json()) {
    answer["processes"] = std::move(processes);
    ctl.screen.document(answer);
    return {};
  }
  const Style& style = ctl.screen.style();
  ctl.screen.print(totals_text(answer) + pools_text(list_of(answer, "pools"), style) +
                   processes_text(processes, style));
  return {};
}

}  // namespace

void add_memory(CLI::App& app, Command& chosen) {
  app.add_subcommand("memory", "Pools of shared memory, and what each process takes")
      ->group(kGroupLook)
      ->callback([&chosen] { chosen = show_memory; });
}

}  // namespace dkvm::ctl
