#include "kernel/setup/catalog.hpp"

#include "config/manifest_json.hpp"
#include "kernel/device_manager/describe.hpp"
#include "kernel/setup/environment.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace dkvm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "dkvm-";
constexpr std::string_view kManifestSuffix = ".manifest.json";

Result<Manifest> read_manifest(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kManifestBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return parse_manifest(text);
}

Result<Manifest> manifest_of(Result<std::string> answer) {
  if (!answer) return fail(std::move(answer).error());
  return parse_manifest(*answer);
}

}  // namespace

Catalog::Catalog(std::vector<std::string> folders, Spawner& spawner)
    : folders_(std::move(folders)), spawner_(spawner) {
  for (const auto& folder : folders_) read_types(folder);
}

std::vector<std::string> Catalog::default_folders(const std::string& own_folder) {
  std::vector<std::string> folders;
  if (const char* path = std::getenv("DKVM_DEVICE_PATH")) {
    std::string_view rest = path;
    while (!rest.empty()) {
      const std::size_t colon = rest.find(':');
      if (const auto folder = rest.substr(0, colon); !folder.empty()) folders.emplace_back(folder);
      rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
    }
  }
  folders.push_back(own_folder);
  folders.push_back((fs::path(own_folder).parent_path() / "libexec" / "dkvm").string());
  return folders;
}

std::string Catalog::find_program(const std::vector<std::string>& folders, std::string_view name) {
  for (const auto& folder : folders) {
    std::string path = (fs::path(folder) / name).string();
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return std::string(name);
}

// A manifest that cannot be read is as if it were not there: its device is held
// to nothing before hello, and the folders before win.
void Catalog::read_types(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string file = entry.path().filename().string();
    if (!file.starts_with(kPrefix) || !file.ends_with(kManifestSuffix)) continue;
    auto manifest = read_manifest(entry.path());
    if (!manifest) continue;
    std::string type =
        file.substr(kPrefix.size(), file.size() - kPrefix.size() - kManifestSuffix.size());
    types_.try_emplace(std::move(type), std::move(*manifest));
  }
}

void Catalog::ask(const Config& config) {
  std::vector<Command> commands;
  std::vector<Program> programs;
  for (const DeviceConfig& device : config.devices) {
    if (device.exec.empty() || asked_.contains(command_of(device))) continue;
    commands.push_back(command_of(device));
    programs.push_back({program_of(device), arguments_of(device), inherited_environment(), {}});
    // What it needs to run it needs to describe itself: PYTHONPATH, say.
    for (const auto& [variable, value] : device.env)
      programs.back().env.push_back(variable + "=" + value);
  }
  auto answers = describe_all(spawner_, programs);
  for (std::size_t i = 0; i < commands.size(); ++i)
    asked_.insert_or_assign(std::move(commands[i]), manifest_of(std::move(answers[i])));
}

std::string Catalog::program_of(const DeviceConfig& device) const {
  if (!device.exec.empty()) return device.exec.front();
  return find_program(folders_, std::string(kPrefix) + device.type);
}

std::vector<std::string> Catalog::arguments_of(const DeviceConfig& device) {
  std::vector<std::string> arguments;
  if (!device.exec.empty()) arguments.assign(std::next(device.exec.begin()), device.exec.end());
  arguments.insert(arguments.end(), device.args.begin(), device.args.end());
  return arguments;
}

Catalog::Command Catalog::command_of(const DeviceConfig& device) {
  Command command = device.exec;
  command.insert(command.end(), device.args.begin(), device.args.end());
  command.emplace_back();
  for (const auto& [variable, value] : device.env) command.push_back(variable + "=" + value);
  return command;
}

std::string Catalog::doubt(const DeviceConfig& device) const {
  const auto found = asked_.find(command_of(device));
  return found == asked_.end() || found->second ? "" : found->second.error().message();
}

const Manifest* Catalog::find(const DeviceConfig& device) const {
  if (device.exec.empty()) {
    const auto found = types_.find(device.type);
    return found == types_.end() ? nullptr : &found->second;
  }
  const auto found = asked_.find(command_of(device));
  return found == asked_.end() || !found->second ? nullptr : &*found->second;
}

std::vector<std::string> Catalog::types() const {
  std::vector<std::string> names;
  for (const auto& [type, manifest] : types_) names.push_back(type);
  return names;
}

}  // namespace dkvm
