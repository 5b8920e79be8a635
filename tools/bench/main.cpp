// dkvm-bench SCENARIO [--json] [--check] [--scale F]: measures dKVM beside its
// peers. Exit: 0, 1 a goal was missed (with --check) or nothing could be
// measured, 2 misuse.

#include "tools/bench/devices/roles.hpp"
#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/harness/scenario.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>
#include <string_view>

namespace {

using namespace dkvm;
using namespace dkvm::bench;

using Scenario = Result<Report> (*)(const Options&);

const std::map<std::string, Scenario> kScenarios = {
    {"relay", run_relay},        {"fairness", run_fairness}, {"scale", run_scale},
    {"mouse8k", run_mouse8k},    {"restart", run_restart},   {"frames", run_frames_scenario},
    {"link", run_link_scenario}, {"desk", run_desk},         {"slo", run_slo},
    {"operate", run_operate}};

// One line that follows the work, where a person may be watching.
void show_progress(std::string_view text) {
  if (::isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r\033[K{}", text);
}

int tell(const Report& report, bool json, bool check) {
  fmt::print("{}", json ? to_json(report) : to_text(report));
  const auto missed = report.missed();
  if (!check || missed.empty()) return 0;
  for (const Goal* goal : missed)
    fmt::print(stderr, "dkvm-bench {}: {}: {}\n", report.scenario, goal->name, goal->verdict());
  return 1;
}

int measure(const std::string& scenario, double scale, bool json, bool check) {
  catch_interrupts();
  const auto report = kScenarios.at(scenario)({scale, show_progress});
  show_progress("");
  if (!report) {
    fmt::print(stderr, "dkvm-bench {}: {}\n", scenario, report.error().message());
    return 1;
  }
  return tell(*report, json, check);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "--device") return run_role(argc - 2, argv + 2);
  std::string scenario;
  bool json = false;
  bool check = false;
  double scale = 1;
  CLI::App app{"dkvm-bench: measures dKVM beside its peers, interleaved in one run"};
  app.add_option("scenario", scenario,
                 "relay, fairness, scale, mouse8k, restart, frames, link, desk, slo or operate")
      ->required()
      ->check(CLI::IsMember(kScenarios))
      ->type_name("SCENARIO");
  app.add_flag("--json", json, "for programs");
  app.add_flag("--check", check, "exit 1 when a goal is missed, and name it");
  app.add_option("--scale", scale, "how many rounds, as a share of the default")
      ->check(CLI::Range(0.01, 100.0))
      ->type_name("F");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return measure(scenario, scale, json, check);
}
