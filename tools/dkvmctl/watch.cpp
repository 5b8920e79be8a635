#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/pages.hpp"

#include <fmt/format.h>

#include <memory>

namespace dkvm::ctl {
namespace {

struct WatchOptions {
  std::string pipeline;
  bool codes = false;
};

// What happened, and with --codes to which key.
std::string words_of(const Json& event) {
  const std::string code = text_of(event, "code");
  return printable(text_of(event, "text") + (code.empty() ? "" : " " + code));
}

std::string event_text(const Json& event, const Style& style) {
  const std::string iso = text_of(event, "time");
  const auto time = parse_time(iso);
  return fmt::format("{}  {}  {} → {}  {}  {}\n",
                     style.paint(printable(time ? local_clock_text(*time) : iso), Tone::faint),
                     printable(text_of(event, "pipeline")), printable(text_of(event, "from")),
                     printable(text_of(event, "to")),
                     style.paint(printable(text_of(event, "topic")), Tone::title), words_of(event));
}

Called<> watch(Ctl& ctl, const WatchOptions& options) {
  Json params = Json::object();
  if (!options.pipeline.empty()) params["pipeline"] = options.pipeline;
  if (options.codes) params["codes"] = true;
  return follow(ctl, {"pipelines.watch", std::move(params), "events"}, [&](const Json& event) {
    if (ctl.screen.json()) {
      ctl.screen.json_line(event);
    } else {
      ctl.screen.print(event_text(event, ctl.screen.style()));
    }
  });
}

}  // namespace

void add_watch(CLI::App& app, Command& chosen) {
  auto* command =
      app.add_subcommand("watch", "Events as they pass, until Ctrl-C")->group(kGroupLook);
  const auto options = std::make_shared<WatchOptions>();  // lives as long as the parser's callback
  command->add_option("PIPELINE", options->pipeline, "only through this one")
      ->type_name("PIPELINE");
  command->add_flag("--codes", options->codes, "also which keys: shows what is typed");
  command->callback(
      [&chosen, options] { chosen = [options](Ctl& ctl) { return watch(ctl, *options); }; });
}

}  // namespace dkvm::ctl
