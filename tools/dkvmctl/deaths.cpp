#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/pages.hpp"
#include "tools/dkvmctl/table.hpp"

#include <fmt/format.h>

#include <memory>

namespace dkvm::ctl {
namespace {

std::string when_text(const Json& death, Time now) {
  const std::string iso = text_of(death, "time");
  const auto time = parse_time(iso);
  return time ? ago_text(*time, now) : iso;
}

// How long it lived, if the kernel says so.
std::string lived_text(const Json& death) {
  return field(death, "uptime_s").is_number() ? duration_text(number_of(death, "uptime_s")) : "";
}

// How it ended, where the reason does not say that.
std::string status_text(const Json& death) {
  std::string status = text_of(death, "status");
  return text_of(death, "reason").starts_with(status) ? "" : status;
}

std::string overview(const Json& deaths, Time now, const Style& style) {
  Table table({{"WHEN", Align::right},
               {"DEVICE"},
               {"INCARNATION", Align::right},
               {"LIVED", Align::right},
               {"STATUS"},
               {"REASON"}});
  for (const Json& death : deaths)
    table.row({when_text(death, now), text_of(death, "device"),
               std::to_string(count_of(death, "incarnation")), lived_text(death),
               status_text(death), text_of(death, "reason")});
  return table.render(style);
}

// One death with the log before it.
std::string in_full(const Json& death, Time now, const Style& style) {
  const auto time = parse_time(text_of(death, "time"));
  std::string text = fmt::format(
      "{}  {}\n  incarnation {}{}",
      style.paint(printable(time ? local_date_text(*time) : text_of(death, "time")), Tone::title),
      printable(when_text(death, now)), count_of(death, "incarnation"),
      lived_text(death).empty() ? "" : " lived " + lived_text(death));
  const std::string status = printable(status_text(death));
  text += fmt::format("\n  {}{}\n", style.paint(printable(text_of(death, "reason")), Tone::bad),
                      status.empty() ? "" : fmt::format(" ({})", status));
  for (const Json& line : list_of(death, "log"))
    if (line.is_string())
      text += "  " + style.paint("| " + printable(line.get<std::string>()), Tone::faint) + "\n";
  return text;
}

Called<> show_deaths(Ctl& ctl, const std::string& name) {
  Json params = Json::object();
  if (!name.empty()) params["name"] = name;
  DKVM_TRY(const Json deaths, all_pages(ctl, "devices.deaths", params, "deaths"));
  Screen& screen = ctl.screen;
  if (screen.json()) {
    screen.document({{"deaths", deaths}});
  } else if (deaths.empty()) {
    screen.print(name.empty() ? "no device has died\n" : printable(name) + " has not died\n");
  } else if (name.empty()) {
    screen.print(overview(deaths, Screen::now(), screen.style()));
  } else {
    for (const Json& death : deaths) screen.print(in_full(death, Screen::now(), screen.style()));
  }
  return {};
}

}  // namespace

void add_deaths(CLI::App& app, Command& chosen) {
  auto* deaths = app.add_subcommand("deaths", "Which devices died, when and why");
  const auto name = std::make_shared<std::string>();  // lives as long as the parser's callback
  deaths->group(kGroupLook);
  deaths->add_option("NAME", *name, "only this device, with the log before each death")
      ->type_name("DEVICE");
  deaths->callback(
      [&chosen, name] { chosen = [name](Ctl& ctl) { return show_deaths(ctl, *name); }; });
}

}  // namespace dkvm::ctl
