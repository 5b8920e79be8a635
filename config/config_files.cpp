#include "config/config_files.hpp"

#include "config/environment.hpp"
#include "config/map_reader.hpp"
#include "config/read_file.hpp"
#include "config/suggest.hpp"
#include "config/yaml_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace dkvm::detail {
namespace {

namespace fs = std::filesystem;

// One byte more than is allowed; parse_yaml() refuses that.
constexpr std::size_t kReadBytesMax = kConfigFileBytesMax + 1;

bool is_unfinished(const Error& error) { return error.code() == Errc::overloaded; }

bool resembles_key(std::string_view text) {
  constexpr std::array<std::string_view, 6> kKeys = {"kernel",  "devices", "pipelines",
                                                     "include", "grants",  "switches"};
  return !closest(text, kKeys).empty() ||
         std::any_of(kKeys.begin(), kKeys.end(), [&](auto key) { return text.starts_with(key); });
}

// True for text and maps without a key that resembles one of ours: any file may
// have been named, so that no word of it is repeated in an error.
bool is_foreign(const YamlNode& root) {
  if (root.is_scalar()) return !resembles_key(root.text);
  return !root.entries.empty() &&
         std::none_of(root.entries.begin(), root.entries.end(),
                      [](const YamlEntry& entry) { return resembles_key(entry.key); });
}

}  // namespace

void ConfigFiles::load(const std::string& path) {
  enter(path, path);
  const auto bytes = read_file(path, kReadBytesMax, finished_);
  if (bytes)
    read_main(*bytes);
  else
    errors_.add({files_.back().shown, 0, 0},
                fmt::format("cannot be read, expected a YAML file: {}", bytes.error().message()),
                is_unfinished(bytes.error()));
}

void ConfigFiles::load_text(std::string_view text, const std::string& pseudo_file) {
  enter(pseudo_file, pseudo_file);
  read_main(text);
}

template <class Read>
bool ConfigFiles::read_part(Read read) {
  const std::size_t before = errors_.size();
  read();
  errors_of_parts_ += errors_.size() - before;
  return errors_.size() != before;
}

// False when the file is being read already.
bool ConfigFiles::enter(const std::string& path, const std::string& shown) {
  std::error_code code;
  File file;
  file.shown = std::make_shared<const std::string>(shown);
  file.canonical = fs::weakly_canonical(path, code);
  file.folder = fs::absolute(path, code).lexically_normal().parent_path().string();
  for (const File& outer : files_)
    if (outer.canonical == file.canonical) return false;
  files_.push_back(std::move(file));
  return true;
}

void ConfigFiles::read_main(std::string_view bytes) {
  const auto root = parse_yaml(bytes, files_.back().shown, budget_, errors_);
  if (!root) return;
  if (root->is_null())
    errors_.add(root->at, "the file is empty, expected at least 'devices'");
  else
    merge_document(*root, true);
}

void ConfigFiles::merge_document(const YamlNode& root, bool is_main) {
  const SectionContext context{files_.back().folder, errors_};
  if (is_foreign(root)) {
    errors_.add(root.at,
                "the file is no configuration, expected a map (key: value) with "
                "'devices'");
    return;
  }
  MapReader reader(root, "the file", errors_);
  if (is_main) {
    if (const auto* kernel = reader.take_filled("kernel"))
      read_part([&] { config_.kernel = read_kernel(*kernel, context); });
  } else if (root.find("kernel") != nullptr) {
    reader.take("kernel");
    errors_.add(reader.key_at("kernel"),
                "an included file has 'kernel', expected it in the main file only");
  }
  const auto* devices = reader.take_filled("devices");
  const auto* pipelines = reader.take_filled("pipelines");
  const auto* switches = reader.take_filled("switches");
  const auto* grants = reader.take_filled("grants");
  const auto* include = reader.take("include");
  if (devices != nullptr) merge_devices(*devices);
  if (pipelines != nullptr) merge_pipelines(*pipelines);
  if (switches != nullptr) merge_switches(*switches);
  if (grants != nullptr) merge_grants(*grants);
  if (include != nullptr) merge_include(*include);
  reader.finish();
}

void ConfigFiles::merge_devices(const YamlNode& node) {
  if (!node.is_map())
    Values{errors_}.wrong(node, "devices", "expected a map of names (keyboard: {type: …})");
  for (const YamlEntry& entry : node.entries) merge_device(entry);
}

void ConfigFiles::merge_device(const YamlEntry& entry) {
  if (errors_.full()) return;
  const auto placed = device_names_.try_emplace(entry.key, entry.key_at);
  const auto& first = placed.first;
  const bool is_new = placed.second;
  if (!is_new) {
    read_part([&] {
      errors_.add(entry.key_at, fmt::format("device {} is there twice, expected it once (the "
                                            "first is at {})",
                                            in_quotes(entry.key), to_string(first->second)));
    });
    return;
  }
  if (config_.devices.size() == kDevicesMax) {
    if (device_names_.size() == kDevicesMax + 1)
      errors_.add(entry.key_at, fmt::format("more than {} devices, expected less", kDevicesMax));
    return;
  }
  DeviceConfig device;
  device.broken = read_part([&] {
    device = read_device(entry, {files_.back().folder, errors_});
    if (auto environment = device_environment(device); !environment)
      for (ConfigError& error : environment.error())
        errors_.add(std::move(error.at), std::move(error.message));
  });
  config_.devices.push_back(std::move(device));
}

void ConfigFiles::merge_pipelines(const YamlNode& node) {
  if (!node.is_sequence()) {
    Values{errors_}.wrong(node, "pipelines",
                          "expected a list (- name: …, with a '-' before each pipeline)");
    return;
  }
  for (const YamlNode& item : node.items) merge_pipeline(item);
}

void ConfigFiles::merge_pipeline(const YamlNode& node) {
  if (errors_.full()) return;
  if (const YamlNode* path = node.find("include")) {
    MapReader reader(node, "an include", errors_);
    reader.take("include");
    reader.finish();
    include(*path, [this](const YamlNode& root) {
      if (root.is_sequence() || root.is_null()) {
        for (const YamlNode& item : root.items) merge_pipeline(item);
        return;
      }
      MapReader included(root, "a file of pipelines", errors_);
      if (const auto* pipelines = included.take_filled("pipelines")) merge_pipelines(*pipelines);
      included.finish();
    });
    return;
  }
  if (config_.pipelines.size() > kPipelinesMax) return;
  if (config_.pipelines.size() == kPipelinesMax)
    errors_.add(node.at, fmt::format("more than {} pipelines, expected less", kPipelinesMax));
  PipelineConfig pipeline;
  pipeline.broken = read_part([&] { pipeline = read_pipeline(node, errors_); });
  config_.pipelines.push_back(std::move(pipeline));
}

void ConfigFiles::merge_switches(const YamlNode& node) {
  if (!node.is_sequence()) {
    Values{errors_}.wrong(node, "switches",
                          "expected a list (- name: …, with a '-' before each switch)");
    return;
  }
  for (const YamlNode& item : node.items) {
    if (errors_.full() || config_.switches.size() > kSwitchesMax) return;
    if (config_.switches.size() == kSwitchesMax)
      errors_.add(item.at, fmt::format("more than {} switches, expected less", kSwitchesMax));
    SwitchConfig made;
    made.broken = read_part([&] { made = read_switch(item, errors_); });
    config_.switches.push_back(std::move(made));
  }
}

void ConfigFiles::merge_grants(const YamlNode& node) {
  read_part([&] {
    for (CallerGrantConfig& grant : read_caller_grants(node, errors_)) {
      if (config_.grants.size() == kCallerGrantsMax)
        return errors_.add(node.at, fmt::format("more than {} grants of the file itself, expected "
                                                "less",
                                                kCallerGrantsMax));
      config_.grants.push_back(std::move(grant));
    }
  });
}

void ConfigFiles::merge_include(const YamlNode& node) {
  for (const YamlNode* item : items_of(node))
    include(*item, [this](const YamlNode& root) {
      if (!root.is_null()) merge_document(root, false);
    });
}

template <class Merge>
void ConfigFiles::include(const YamlNode& node, Merge merge) {
  const auto path = include_path(node);
  if (!path) return;
  // Shown as the person wrote it, from where the including file was shown.
  const fs::path parent = fs::path(*files_.back().shown).parent_path();
  const std::string shown = (parent / node.text).lexically_normal().string();
  const auto bytes = read_file(*path, kReadBytesMax, finished_);
  if (!bytes) {
    errors_.add(node.at,
                fmt::format("the included file {} cannot be read, expected a YAML file: {}",
                            in_quotes(node.text), bytes.error().message()),
                is_unfinished(bytes.error()));
  } else if (!enter(*path, shown)) {
    errors_.add(node.at, fmt::format("including {} makes a loop, expected a file that does not "
                                     "include this one",
                                     in_quotes(node.text)));
  } else {
    if (const auto root = parse_yaml(*bytes, files_.back().shown, budget_, errors_)) merge(*root);
    files_.pop_back();
  }
}

std::optional<std::string> ConfigFiles::include_path(const YamlNode& node) {
  const auto text = Values{errors_}.text(node, "include");
  if (!text) return std::nullopt;
  const auto refuse = [&](std::string message) {
    errors_.add(node.at, std::move(message));
    return std::nullopt;
  };
  if (text->empty()) return refuse("'include' is empty, expected the path of a file");
  if (!includes_) return refuse("'include' is not allowed here, expected all in one text");
  if (files_.size() > kConfigIncludeDepthMax)
    return refuse(fmt::format("includes more than {} deep, expected less", kConfigIncludeDepthMax));
  if (++includes_seen_ > kConfigIncludesMax)
    return refuse(fmt::format("more than {} includes, expected less", kConfigIncludesMax));
  const std::string path = resolve_path(files_.back().folder, *text);
  std::error_code code;
  // Reading a pipe or a device could wait for ever.
  if (fs::exists(path, code) && !fs::is_regular_file(path, code))
    return refuse(fmt::format("the included file {} is no regular file, expected a YAML file",
                              in_quotes(*text)));
  return path;
}

}  // namespace dkvm::detail
