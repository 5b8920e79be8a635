#include "kernel/device_manager/reaper.hpp"
#include "kernel/device_manager/spawner.hpp"
#include "kernel/kernel.hpp"
#include "kernel/log/log.hpp"
#include "kernel/loop/loop.hpp"
#include "kernel/setup/catalog.hpp"
#include "kernel/setup/plan.hpp"
#include "kernel/setup/self.hpp"
#include "kernel/version.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

namespace {

using namespace dkvm;

constexpr int kExitBadConfig = 2;

struct Arguments {
  std::string config;
  std::optional<std::string> check;  // "" or "exec"
  std::optional<RecordLevel> log_level;
};

RecordLevel level_of(const LogConfig& config) {
  switch (config.level) {
    case LogConfig::Level::trace:
    case LogConfig::Level::debug: return RecordLevel::debug;
    case LogConfig::Level::info: return RecordLevel::info;
    case LogConfig::Level::warn: return RecordLevel::warning;
    case LogConfig::Level::error: return RecordLevel::error;
  }
  return RecordLevel::info;
}

int check(const Arguments& arguments, Catalog& catalog) {
  const auto plan = make_plan(arguments.config, catalog, arguments.check == "exec");
  if (!plan) {
    fmt::print(stderr, "{}", to_string(plan.error()));
    return kExitBadConfig;
  }
  const auto count = [](std::size_t n, const char* what) {
    return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
  };
  fmt::print("{}: fine: {}, {}\n", arguments.config, count(plan->devices.size(), "device"),
             count(plan->pipelines.size(), "pipeline"));
  for (const DevicePlan& device : plan->devices)
    if (!device.manifest)
      fmt::print("  device {}: not checked against its program: {}\n", device.name,
                 device.doubt.empty() ? "--check=exec asks it" : device.doubt);
  return 0;
}

int run(const Arguments& arguments, Catalog& catalog, Spawner& spawner) {
  auto plan = make_plan(arguments.config, catalog, true);
  if (!plan) {
    fmt::print(stderr, "{}", to_string(plan.error()));
    return kExitBadConfig;
  }
  const auto claimed = claim_runtime_dir(plan->kernel.runtime_dir);
  if (!claimed) {
    fmt::print(stderr, "dkvm-kernel: {}\n", claimed.error().message());
    return 1;
  }
  Loop loop;
  const LogConfig& logging = plan->kernel.log;
  Log log({arguments.log_level.value_or(level_of(logging)), logging.bytes_max, logging.lines_max});
  if (const auto opened = logging.file ? log.open_file(*logging.file) : Result<>{}; !opened) {
    fmt::print(
        stderr, "{}\n",
        to_string(ConfigError{logging.file_at, "'kernel.log.file': " + opened.error().message()}));
    return kExitBadConfig;
  }
  const auto reaper = make_reaper(loop);
  Kernel kernel(loop, log, spawner, *reaper, catalog, arguments.config);
  if (const auto started = kernel.start(std::move(*plan)); !started) {
    fmt::print(stderr, "dkvm-kernel: {}\n", started.error().message());
    return 1;
  }
  const Signal interrupt(loop, SIGINT, [&] { kernel.stop("interrupted"); });
  const Signal terminate(loop, SIGTERM, [&] { kernel.stop("asked by SIGTERM"); });
  const Signal hangup(loop, SIGHUP, [&] {
    log.reopen();
    [[maybe_unused]] const auto reported = kernel.reload();  // it has logged the outcome
  });
  loop.run();
  return kernel.exit_status();
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  std::string level;
  CLI::App app{"dkvm-kernel: runs the devices of a kvm.yaml and routes their events"};
  app.add_option("--config", arguments.config, "the YAML file")->required()->type_name("FILE");
  auto* check_option =
      app.add_option("--check", arguments.check,
                     "only check the file; --check=exec also asks the programs of `exec` devices")
          ->expected(0, 1)
          ->default_str("")
          ->type_name("[=exec]");
  app.add_option("--log-level", level, "error, warning, notice, info or debug; overrides the file")
      ->type_name("LEVEL");
  app.set_version_flag("--version", fmt::format("dkvm-kernel {}", kVersion));
  app.footer("Exit status: 0 after a clean stop, 2 for a wrong configuration or command line.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitBadConfig;
  }
  if (arguments.check.value_or("exec") != "exec" && !arguments.check->empty()) {
    fmt::print(stderr, "--check: '{}' is unknown, expected --check or --check=exec\n",
               *arguments.check);
    return kExitBadConfig;
  }
  if (!level.empty()) {
    arguments.log_level = parse_log_level(level);
    if (!arguments.log_level) {
      fmt::print(stderr, "--log-level: '{}' is none of error, warning, notice, info, debug\n",
                 level);
      return kExitBadConfig;
    }
  }
  prepare_process();
  const std::string folder = own_folder();
  const auto folders = Catalog::default_folders(folder);
  const auto spawner = make_spawner(Catalog::find_program(folders, "dkvm-launcher"));
  Catalog catalog(folders, *spawner);
  if (check_option->count() > 0) return check(arguments, catalog);
  return run(arguments, catalog, *spawner);
}
