#include "config/address.hpp"
#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/init/kvm_yaml.hpp"
#include "tools/dkvmctl/new_file.hpp"
#include "tools/dkvmctl/socket_path.hpp"
#include "tools/dkvmctl/trust_folder.hpp"
#include "trust/store.hpp"

#include <fmt/format.h>

#include <memory>

namespace dkvm::ctl {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFingerprintShown = 7 + 16;  // sha256: and its first digits

struct InitOptions {
  std::string output = "kvm.yaml";
  std::string role;
  std::string folder;
  bool force = false;
};

std::string sound_here() {
  const std::string runtime = own_environment("XDG_RUNTIME_DIR").value_or("");
  std::error_code ignored;
  if (!runtime.empty() && fs::exists(runtime + "/pipewire-0", ignored)) return "PipeWire";
  if (!runtime.empty() && fs::exists(runtime + "/pulse/native", ignored)) return "PulseAudio";
  return fs::exists("/dev/snd/controlC0", ignored) ? "ALSA" : "";
}

Machine this_machine(const InitOptions& options) {
  Machine machine;
  machine.name = name_of_this_machine().value_or("desk");
  const fs::path folder = trust_folder(options.folder);
  if (const auto identity = trust::Identity::load(folder)) {
    machine.identity = identity->fingerprint().text().substr(0, kFingerprintShown);
    if (!name_complaint(identity->name())) machine.name = identity->name();
  }
  if (const auto store = trust::Store::load(folder))
    for (const trust::Peer& peer : store->peers()) machine.peers.push_back(peer.name);
  if (auto display = look_at_display({}))
    machine.display = *std::move(display);
  else
    machine.no_display = display.error().message();
  machine.sound = sound_here();
  return machine;
}

Role role_of(const InitOptions& options, const Machine& machine) {
  if (options.role == "laptop") return Role::laptop;
  if (options.role == "desk" || (options.role.empty() && machine.display)) return Role::desk;
  return Role::lab;
}

const char* name_of(Role role) {
  if (role == Role::desk) return "desk";
  return role == Role::laptop ? "laptop" : "lab";
}

Result<> init(Screen& screen, const InitOptions& options) {
  const Machine machine = this_machine(options);
  const Role role = role_of(options, machine);
  const std::string yaml = kvm_yaml(machine, role);
  if (options.output == "-") {
    if (screen.json())
      screen.document({{"role", name_of(role)}, {"yaml", yaml}});
    else
      screen.print(yaml);
    return {};
  }
  const auto written =
      write_new_file(options.output, yaml, options.force ? IfThere::replace : IfThere::refuse);
  if (!written && written.error().code() == Errc::invalid)
    return fail(Errc::invalid, fmt::format("{}, and stays as it is: --force replaces it, --output "
                                           "takes another name",
                                           written.error().message()));
  DKVM_CHECK(written);
  if (screen.json()) {
    screen.document({{"file", options.output}, {"role", name_of(role)}});
    return {};
  }
  screen.print(
      fmt::format("{0} is a {1}'s\n\n"
                  "dkvmctl doctor --config {0}    what this machine lacks for it\n"
                  "dkvm-kernel --config {0}       runs it\n",
                  options.output, name_of(role)));
  return {};
}

}  // namespace

void add_init(CLI::App& app, LocalCommand& chosen) {
  auto* command =
      app.add_subcommand("init", "A kvm.yaml for this machine, with comments")->group(kGroupMake);
  const auto options = std::make_shared<InitOptions>();  // lives as long as the parser's callback
  command->add_option("-o,--output", options->output, "the file to write; - is stdout")
      ->type_name("FILE")
      ->capture_default_str();
  command
      ->add_option("--role", options->role,
                   "a desk has the keyboard and the mouse, a laptop is worked on from there,\n"
                   "a lab has nothing real; else a desk where a display opens, or a lab")
      ->check(CLI::IsMember({"desk", "laptop", "lab"}))
      ->type_name("ROLE");
  add_folder_option(*command, options->folder);
  command->add_flag("--force", options->force, "in place of a file that is there");
  command->callback([&chosen, options] { chosen = local_command(options, init); });
}

}  // namespace dkvm::ctl
