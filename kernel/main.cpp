#include "config/default_file.hpp"
#include "config/places.hpp"
#include "kernel/device_manager/describe.hpp"
#include "kernel/device_manager/reaper.hpp"
#include "kernel/device_manager/spawner.hpp"
#include "kernel/kernel.hpp"
#include "kernel/log/log.hpp"
#include "kernel/loop/loop.hpp"
#include "kernel/service/service_notifier.hpp"
#include "kernel/setup/catalog.hpp"
#include "kernel/setup/plan.hpp"
#include "kernel/setup/self.hpp"
#include "kernel/version.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using namespace dkvm;

constexpr int kExitBadConfig = 2;
constexpr const char* kLauncher = "dkvm-launcher";

struct Arguments {
  std::string config;
  std::optional<std::string> check;  // "" or "exec"
  std::optional<RecordLevel> log_level;
};

// What every way to run this program needs.
struct Setting {
  Loop& loop;
  Spawner& spawner;
  Reaper& reaper;
  Catalog& catalog;
};

// Without --config the file is where it usually is.
Result<> name_file(Arguments& arguments) {
  if (!arguments.config.empty()) return {};
  const auto is_there = [](const std::string& file) {
    std::error_code error;
    return std::filesystem::status(file, error).type() != std::filesystem::file_type::not_found;
  };
  DKVM_TRY(arguments.config, find_config_file(LoadOptions::of_this_machine(), is_there));
  return {};
}

// Before the kernel runs, nobody else waits.
void ask_and_wait(const Config& config, const Setting& setting) {
  bool answered = false;
  setting.catalog.ask(config, [&] { answered = true; });
  while (!answered) setting.loop.run_once();
}

int refuse(const ConfigErrors& errors) {
  fmt::print(stderr, "{}", to_string(errors));
  return kExitBadConfig;
}

// It starts every device, and every program that is asked what it is.
int refuse_without_launcher(const std::vector<std::string>& folders) {
  fmt::print(stderr,
             "dkvm-kernel: {} is not installed, and nothing can be started without it: it is in "
             "none of {}\n",
             kLauncher, fmt::join(folders, ", "));
  return 1;
}

int check(const Arguments& arguments, const Setting& setting) {
  auto config = load_checked(arguments.config, setting.catalog);
  if (!config) return refuse(config.error());
  if (arguments.check == "exec") ask_and_wait(*config, setting);
  const auto plan = make_plan(std::move(*config), setting.catalog);
  if (!plan) return refuse(plan.error());
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

int run(const Arguments& arguments, const Setting& setting) {
  auto config = load_checked(arguments.config, setting.catalog);
  if (!config) return refuse(config.error());
  // Before any program is asked: a second kernel is told at once.
  const auto claimed = claim_runtime_dir(config->kernel.runtime_dir);
  if (!claimed) {
    fmt::print(stderr, "dkvm-kernel: {}\n", claimed.error().message());
    return 1;
  }
  auto notify = ServiceNotifier::socket_of_environment();
  if (!notify) {
    fmt::print(stderr, "dkvm-kernel: {}\n", notify.error().message());
    return kExitBadConfig;
  }
  ask_and_wait(*config, setting);
  auto plan = make_plan(std::move(*config), setting.catalog);
  if (!plan) return refuse(plan.error());
  const LogConfig& logging = plan->kernel.log;
  Log log({arguments.log_level.value_or(log_level_of(logging.level)), logging.bytes_max,
           logging.lines_max});
  if (const auto opened = logging.file ? log.open_file(*logging.file) : Result<>{}; !opened)
    return refuse({log_file_error(logging, opened.error())});
  Kernel kernel(setting.loop, log, setting.spawner, setting.reaper, setting.catalog,
                {arguments.config, arguments.log_level});
  if (const auto started = kernel.start(std::move(*plan)); !started) {
    fmt::print(stderr, "dkvm-kernel: {}\n", started.error().message());
    return 1;
  }
  const ServiceNotifier notifier(setting.loop, kernel, std::move(*notify),
                                 ServiceNotifier::watchdog_of_environment());
  const bool terminal = follows_a_terminal();
  const Signal interrupt(setting.loop, SIGINT, [&] { kernel.stop("interrupted"); });
  const Signal terminate(setting.loop, SIGTERM, [&] { kernel.stop("asked by SIGTERM"); });
  const Signal hangup(setting.loop, SIGHUP, [&] {
    if (terminal && !has_terminal()) return kernel.stop("its terminal was closed");
    log.reopen();
    kernel.reload([](const auto&) {});  // the log has the outcome
  });
  setting.loop.run();
  return kernel.exit_status();
}

}  // namespace

int main(int argc, char** argv) {
  ensure_stdio();
  Arguments arguments;
  std::string level;
  CLI::App app{"dkvm-kernel: runs the devices of a kvm.yaml and routes their events"};
  app.add_option("--config", arguments.config,
                 "the YAML file; else $XDG_CONFIG_HOME/dkvm/kvm.yaml (~/.config without the\n"
                 "variable), else /etc/dkvm/kvm.yaml")
      ->type_name("FILE");
  auto* check_option =
      app.add_option("--check", arguments.check,
                     "only check the file; --check=exec also asks the programs of `exec` devices")
          ->expected(0, 1)
          ->default_str("")
          ->type_name("[=exec]");
  app.add_option("--log-level", level, "debug, info, notice, warning or error; overrides the file")
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
    const auto known = log_level_named(level);
    if (!known) {
      fmt::print(stderr, "'--log-level' is '{}', expected debug, info, notice, warning or error\n",
                 level);
      return kExitBadConfig;
    }
    arguments.log_level = log_level_of(*known);
  }
  if (const auto named = name_file(arguments); !named) {
    fmt::print(stderr, "dkvm-kernel: {}\n", named.error().message());
    return kExitBadConfig;
  }
  prepare_process();
  const auto folders = program_folders(own_folder());
  const std::string launcher = find_program(folders, kLauncher);
  if (launcher == kLauncher && arguments.check != "") return refuse_without_launcher(folders);
  const auto spawner = make_spawner(launcher);
  Loop loop;
  const auto reaper = make_reaper(loop);
  Describer describer(loop, *spawner, *reaper);
  Catalog catalog(folders, [&](std::vector<Program> programs, Describer::Done done) {
    describer.ask(std::move(programs), std::move(done));
  });
  const Setting setting{loop, *spawner, *reaper, catalog};
  return check_option->count() > 0 ? check(arguments, setting) : run(arguments, setting);
}
