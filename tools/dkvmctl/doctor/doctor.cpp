#include "config/loader.hpp"
#include "config/places.hpp"
#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/doctor/checks.hpp"
#include "tools/dkvmctl/link_answers.hpp"
#include "tools/dkvmctl/socket_path.hpp"
#include "tools/dkvmctl/table.hpp"
#include "tools/dkvmctl/trust_folder.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace dkvm::ctl {
namespace {

constexpr std::chrono::milliseconds kAnswerTimeMax{3000};

struct DoctorOptions {
  std::string config;
  std::string folder;
  std::string socket;  // --socket of all commands
};

// What a kernel that runs says; whatever it does not say is not looked at.
void ask_kernel(Client& client, Screen& screen, Patient& patient) {
  Ctl ctl{client, screen, kAnswerTimeMax};
  auto info = ctl.kernel("kernel.info");
  if (!info) {
    patient.no_kernel = info.error().error.message();
    return;
  }
  patient.kernel_answers = true;
  patient.info = *std::move(info);
  auto links = ask_links(ctl);
  if (!links) return;
  for (const Json& each : links->listening) patient.listening.push_back(text_of(each, "address"));
  patient.links = std::move(links->links);
}

// `/run/x does not exist; /tmp/y …` of the lines of an error.
std::string on_one_line(const std::string& lines) {
  std::string line;
  for (const char c : lines) line += c == '\n' ? ';' : c;
  return line.substr(std::min(line.find_first_not_of(' '), line.size()));
}

Result<Patient> examine(Screen& screen, const DoctorOptions& options) {
  Patient patient;
  patient.trust_folder = trust_folder(options.folder);
  patient.program_folders = program_folders(own_folder());
  patient.config_file = options.config;
  if (!options.config.empty()) {
    auto config = load_config(options.config, LoadOptions::of_this_machine());
    if (!config) return fail(Errc::invalid, to_string(config.error()));
    patient.config = *std::move(config);
  }
  auto client = Client::connect(socket_paths(options.socket, ::geteuid(), own_environment));
  if (client)
    ask_kernel(*client, screen, patient);
  else
    patient.no_kernel = on_one_line(client.error().error.message());
  return patient;
}

const char* name_of(Level level) {
  if (level == Level::fine) return "ok";
  return level == Level::warning ? "warning" : "error";
}

Tone tone_of(Level level) {
  if (level == Level::fine) return Tone::good;
  return level == Level::warning ? Tone::careful : Tone::bad;
}

Json as_json(const Findings& findings) {
  Json all = Json::array();
  for (const Finding& each : findings.all()) {
    Json finding = {{"level", name_of(each.level)}, {"area", each.area}, {"what", each.what}};
    if (!each.todo.empty()) finding["todo"] = each.todo;
    all.push_back(std::move(finding));
  }
  return {{"ok", findings.count(Level::fine)},
          {"warnings", findings.count(Level::warning)},
          {"errors", findings.count(Level::error)},
          {"findings", std::move(all)}};
}

void print(Screen& screen, const Findings& findings) {
  Table table({{""}, {""}, {""}});
  for (const Finding& each : findings.all()) {
    table.row({{name_of(each.level), tone_of(each.level)}, {each.area, Tone::faint}, each.what});
    if (!each.todo.empty()) table.row({"", "", "→ " + each.todo});
  }
  screen.print(table.render(screen.style()));
  screen.print(fmt::format("\nok: {}, warnings: {}, errors: {}\n", findings.count(Level::fine),
                           findings.count(Level::warning), findings.count(Level::error)));
}

Result<> examine_and_tell(Screen& screen, const DoctorOptions& options) {
  DKVM_TRY(const Patient patient, examine(screen, options));
  Findings findings;
  for (const auto check : {check_programs, check_versions, check_displays, check_permissions,
                           check_pins, check_ports, check_clocks, check_limits})
    check(patient, findings);
  if (screen.json())
    screen.document(as_json(findings));
  else
    print(screen, findings);
  const std::size_t errors = findings.count(Level::error);
  if (errors == 0) return {};
  return fail(Errc::invalid,
              fmt::format("{} {} above must be mended", errors, errors == 1 ? "error" : "errors"));
}

}  // namespace

std::vector<const DeviceConfig*> Patient::devices(const std::string& type) const {
  std::vector<const DeviceConfig*> found;
  if (!config) return found;
  for (const DeviceConfig& device : config->devices)
    if (device.enabled && (type.empty() || device.type == type)) found.push_back(&device);
  return found;
}

bool Patient::makes_links() const {
  return !devices("tcp-server").empty() || !devices("tcp-client").empty();
}

void add_doctor(CLI::App& app, LocalCommand& chosen) {
  auto* command =
      app.add_subcommand("doctor", "What this machine lacks, and what to do")->group(kGroupMake);
  const auto options = std::make_shared<DoctorOptions>();  // as long as the parser's callback
  command->add_option("--config", options->config, "for what this file wants")->type_name("FILE");
  add_folder_option(*command, options->folder);
  command->callback([&app, &chosen, options] {
    if (const auto* socket = app.get_option("--socket"); !socket->results().empty())
      options->socket = socket->results().back();
    chosen = local_command(options, examine_and_tell);
  });
}

}  // namespace dkvm::ctl
