#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/pages.hpp"

#include <fmt/format.h>

#include <deque>
#include <memory>

namespace dkvm::ctl {
namespace {

constexpr std::size_t kLinesDefault = 50;

struct LogOptions {
  bool follow = false;
  std::string device;
  std::string level;
  std::size_t lines = kLinesDefault;
};

std::string check_level(const std::string& text) {
  for (const char* level : {"error", "warning", "notice", "info", "debug"})
    if (text == level) return {};
  return "'" + printable(text) + "' is none of error, warning, notice, info, debug";
}

Json filter_of(const LogOptions& options) {
  Json params = Json::object();
  if (!options.device.empty()) params["device"] = options.device;
  if (!options.level.empty()) params["level"] = options.level;
  return params;
}

std::string record_text(const Json& record, const Style& style) {
  const std::string iso = text_of(record, "time");
  const auto time = parse_time(iso);
  const std::string level = text_of(record, "level");
  return fmt::format(
      "{}  {}  {}  {}\n", style.paint(printable(time ? local_date_text(*time) : iso), Tone::faint),
      style.paint(fmt::format("{:<7}", printable(level)), tone_of_level(level)),
      style.paint(fmt::format("{:<12}", printable(text_of(record, "source"))), Tone::title),
      printable(text_of(record, "text")));
}

void show_record(Screen& screen, const Json& record) {
  if (screen.json()) {
    screen.json_line(record);
  } else {
    screen.print(record_text(record, screen.style()));
  }
}

struct Past {
  std::deque<Json> records;  // the last that were asked for
  Json next;                 // what follows after them
};

// The kernel says where the last ones begin; they come in pages.
Called<Past> read_past(Ctl& ctl, const LogOptions& options) {
  Past past;
  Json params = filter_of(options);
  params["last"] = options.lines;
  do {
    DKVM_TRY(const Json answer, ctl.kernel("log.read", params));
    for (const Json& record : list_of(answer, "records")) past.records.push_back(record);
    past.next = field(answer, "next");
    if (past.next.is_null() || past.next == field(params, "after")) break;
    params.erase("last");
    params["after"] = past.next;
  } while (past.records.size() < options.lines);
  // What came meanwhile is newer.
  while (past.records.size() > options.lines) past.records.pop_front();
  return past;
}

Called<> show_logs(Ctl& ctl, const LogOptions& options) {
  DKVM_TRY(Past past, read_past(ctl, options));
  if (ctl.screen.json() && !options.follow) {
    Json records = Json::array();
    for (Json& record : past.records) records.push_back(std::move(record));
    ctl.screen.document({{"records", std::move(records)}});
    return {};
  }
  for (const Json& record : past.records) show_record(ctl.screen, record);
  if (!options.follow) return {};
  Json params = filter_of(options);
  if (!past.next.is_null()) params["after"] = past.next;
  return follow(ctl, {"log.read", std::move(params), "records"},
                [&](const Json& record) { show_record(ctl.screen, record); });
}

}  // namespace

void add_logs(CLI::App& app, Command& chosen) {
  auto* logs = app.add_subcommand("logs", "The log of the kernel and its devices");
  const auto options = std::make_shared<LogOptions>();  // lives as long as the parser's callback
  logs->group(kGroupLook);
  logs->add_flag("-f,--follow", options->follow, "go on with what is logged from now on");
  logs->add_option("-d,--device", options->device, "only of this device")->type_name("SOURCE");
  logs->add_option("-l,--level", options->level,
                   "only this bad or worse: error, warning, notice, info or debug")
      ->check(check_level)
      ->type_name("{error,warning,notice,info,debug}");
  logs->add_option("-n,--lines", options->lines, "how many of the past")->capture_default_str();
  logs->callback(
      [&chosen, options] { chosen = [options](Ctl& ctl) { return show_logs(ctl, *options); }; });
}

}  // namespace dkvm::ctl
