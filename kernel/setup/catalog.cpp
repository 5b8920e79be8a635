#include "kernel/setup/catalog.hpp"

#include "config/manifest_json.hpp"
#include "config/places.hpp"
#include "kernel/setup/environment.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
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

Catalog::Catalog(std::vector<std::string> folders, Ask ask)
    : folders_(std::move(folders)), ask_(std::move(ask)) {
  read_types();
}

void Catalog::read_types() {
  types_.clear();
  for (const auto& folder : folders_) read_types_in(folder);
}

// A manifest that cannot be read is as if it were not there: its device is held
// to nothing before hello, and the folders before win.
void Catalog::read_types_in(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string file = entry.path().filename().string();
    if (!file.starts_with(kPrefix) || !file.ends_with(kManifestSuffix)) continue;
    Stamps stamp = stamps_of({entry.path().string()});  // first: what is read is no older
    auto manifest = read_manifest(entry.path());
    if (stamp.empty() || !manifest) continue;
    std::string type =
        file.substr(kPrefix.size(), file.size() - kPrefix.size() - kManifestSuffix.size());
    types_.try_emplace(std::move(type), Type{std::move(stamp), std::move(*manifest)});
  }
}

// --- asking ----------------------------------------------------------------------

void Catalog::ask(const Config& config, std::function<void()> done) {
  std::set<Command> configured;
  std::vector<const DeviceConfig*> unknown;
  for (const DeviceConfig& device : config.devices) {
    if (device.exec.empty() || !configured.insert(command_of(device)).second) continue;
    const auto found = asked_.find(command_of(device));
    if (found == asked_.end() || !found->second.answer || is_stale(device))
      unknown.push_back(&device);
  }
  std::erase_if(asked_, [&](const auto& each) { return !configured.contains(each.first); });
  ask_all(unknown, std::move(done));
}

bool Catalog::is_stale(const DeviceConfig& device) const {
  if (device.exec.empty()) {
    const auto type = types_.find(device.type);
    return type != types_.end() && stamps_of({type->second.file.front().path}) != type->second.file;
  }
  const auto found = asked_.find(command_of(device));
  return found != asked_.end() && found->second.files != files_of(device);
}

void Catalog::ask_again(const DeviceConfig& device, std::function<void()> done) {
  if (!device.exec.empty()) return ask_all({&device}, std::move(done));
  read_types();
  done();
}

void Catalog::ask_all(const std::vector<const DeviceConfig*>& devices, std::function<void()> done) {
  if (devices.empty()) return done();
  std::vector<Command> commands;
  std::vector<Stamps> files;
  std::vector<Program> programs;
  for (const DeviceConfig* device : devices) {
    commands.push_back(command_of(*device));
    files.push_back(files_of(*device));  // before it is asked: what answers is no older
    programs.push_back({program_of(*device), arguments_of(*device), inherited_environment(), {}});
    // What it needs to run it needs to describe itself: PYTHONPATH, say.
    for (const auto& [variable, value] : device->env)
      programs.back().env.push_back(variable + "=" + value);
  }
  ask_(std::move(programs), [this, commands = std::move(commands), files = std::move(files),
                             done = std::move(done)](Answers answers) {
    for (std::size_t i = 0; i < commands.size(); ++i)
      asked_.insert_or_assign(commands[i], Asked{files[i], manifest_of(std::move(answers[i]))});
    done();
  });
}

// The program and every argument that may be a script of it.
Catalog::Stamps Catalog::files_of(const DeviceConfig& device) {
  const char* inherited = std::getenv("PATH");
  const auto own = device.env.find("PATH");
  const std::string path = own != device.env.end() ? own->second
                           : inherited != nullptr  ? inherited
                                                   : "";
  std::vector<std::string> paths = arguments_of(device);
  paths.insert(paths.begin(), find_in_path(device.exec.front(), path));
  return stamps_of(paths);
}

// --- answers ---------------------------------------------------------------------

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
  return found == asked_.end() || found->second.answer ? ""
                                                       : found->second.answer.error().message();
}

const Manifest* Catalog::find(const DeviceConfig& device) const {
  if (device.exec.empty()) {
    const auto found = types_.find(device.type);
    return found == types_.end() ? nullptr : &found->second.manifest;
  }
  const auto found = asked_.find(command_of(device));
  return found == asked_.end() || !found->second.answer ? nullptr : &*found->second.answer;
}

std::vector<std::string> Catalog::types() const {
  std::vector<std::string> names;
  for (const auto& [type, known] : types_) names.push_back(type);
  return names;
}

}  // namespace dkvm
