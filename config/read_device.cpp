#include "config/map_reader.hpp"
#include "config/read_sections.hpp"
#include "config/suggest.hpp"
#include "config/yaml_values.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dkvm::detail {
namespace {

constexpr std::string_view kOwnVariables = "DKVM_";

bool is_variable(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !text.empty() && letter(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9');
  });
}

// Reads the parts of one device; all of them share what they need.
class DeviceReader {
 public:
  DeviceReader(const YamlEntry& entry, const SectionContext& context)
      : entry_(entry),
        context_(context),
        errors_(context.errors),
        values_{context.errors},
        reader_(entry.value, fmt::format("device {}", in_quotes(entry.key)), context.errors) {}

  DeviceConfig run() {
    check_name();
    read_program();
    if (const auto* args = reader_.take_filled("args")) device_.args = words(*args, "args");
    if (const auto* config = reader_.take_filled("config")) read_config(*config);
    if (const auto* env = reader_.take_filled("env")) read_env(*env);
    if (const auto* enabled = reader_.take("enabled"))
      device_.enabled = values_.boolean(*enabled, "enabled").value_or(true);
    if (const auto* trusted = reader_.take("trusted"))
      device_.trusted = values_.boolean(*trusted, "trusted").value_or(false);
    if (const auto* restart = reader_.take("restart"))
      device_.restart = read_restart(*restart, errors_);
    if (const auto* health = reader_.take("health")) device_.health = read_health(*health, errors_);
    if (const auto* limits = reader_.take_filled("limits"))
      device_.limits = read_limits(*limits, errors_);
    if (const auto* grants = reader_.take_filled("grants"))
      device_.grants = read_grants(*grants, errors_);
    reader_.finish();
    return std::move(device_);
  }

 private:
  void check_name() {
    device_.name = entry_.key;
    device_.folder = context_.folder;
    device_.at = entry_.key_at;
    device_.type_at = entry_.key_at;
    if (const auto complaint = name_complaint(entry_.key))
      errors_.add(entry_.key_at,
                  fmt::format("the device name {} {}", in_quotes(entry_.key), *complaint));
    else if (entry_.key == kKernelName || entry_.key == kLinkName)
      errors_.add(entry_.key_at,
                  fmt::format("the device name '{}' is reserved, expected another", entry_.key));
  }

  void read_program() {
    const auto* type = reader_.take("type");
    const auto* exec = reader_.take("exec");
    if (type != nullptr && exec != nullptr)
      errors_.add(reader_.key_at("exec"),
                  fmt::format("device {} has both 'type' and 'exec', expected one of them",
                              in_quotes(device_.name)));
    if (type == nullptr && exec == nullptr && reader_.is_map())
      errors_.add(entry_.key_at,
                  fmt::format("device {} has no 'type' and no 'exec', expected one of them",
                              in_quotes(device_.name)));
    if (type != nullptr) {
      device_.type_at = type->at;
      device_.type = values_.name(*type, "type").value_or("");
    }
    if (exec != nullptr) read_exec(*exec);
  }

  void read_exec(const YamlNode& node) {
    device_.type_at = node.at;
    if (!node.is_sequence() || node.items.empty()) {
      values_.wrong(node, "exec",
                    "expected a list of the program and its arguments, such as "
                    "[./mine, --flag]");
      return;
    }
    device_.exec = words(node, "exec");
    if (device_.exec.empty()) return;
    std::string& program = device_.exec[0];
    if (program.empty()) values_.wrong(node.items[0], "exec", "expected a program");
    // A bare name is looked up in PATH.
    else if (program.find('/') != std::string::npos)
      program = resolve_path(context_.folder, program);
  }

  std::vector<std::string> words(const YamlNode& node, std::string_view what) {
    std::vector<std::string> out;
    if (!node.is_sequence()) {
      values_.wrong(node, what, "expected a list such as [--flag, value]");
      return out;
    }
    if (node.items.size() > kArgsPerDeviceMax)
      errors_.add(node.at, fmt::format("'{}' has {} items, expected at most {}", what,
                                       node.items.size(), kArgsPerDeviceMax));
    for (const YamlNode& item : node.items)
      if (auto word = values_.word(item, what)) out.push_back(std::move(*word));
    return out;
  }

  void read_config(const YamlNode& node) {
    if (node.is_map())
      device_.config = values_.json(node);
    else
      values_.wrong(node, "config", "expected a map (key: value)");
  }

  void read_env(const YamlNode& node) {
    if (!node.is_map()) values_.wrong(node, "env", "expected a map (NAME: value)");
    if (node.entries.size() > kEnvPerDeviceMax)
      errors_.add(node.at, fmt::format("'env' has {} variables, expected at most {}",
                                       node.entries.size(), kEnvPerDeviceMax));
    for (const auto& [key, key_at, value] : node.entries) {
      if (!is_variable(key) || key.size() > kTextBytesMax)
        errors_.add(key_at, fmt::format("{} is no name of an environment variable, expected "
                                        "letters, digits and '_'",
                                        in_quotes(key)));
      else if (key.starts_with(kOwnVariables))
        errors_.add(key_at, fmt::format("the variable {} is set by dKVM itself, expected one that "
                                        "does not begin with {}",
                                        in_quotes(key), kOwnVariables));
      else if (auto word = values_.word(value, fmt::format("env.{}", key)))
        device_.env[key] = std::move(*word);
    }
  }

  const YamlEntry& entry_;
  const SectionContext& context_;
  ErrorList& errors_;
  Values values_;
  MapReader reader_;
  DeviceConfig device_;
};

}  // namespace

DeviceConfig read_device(const YamlEntry& entry, const SectionContext& context) {
  return DeviceReader(entry, context).run();
}

}  // namespace dkvm::detail
