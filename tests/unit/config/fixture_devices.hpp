#pragma once

#include "config/check.hpp"

#include <map>
#include <string>
#include <vector>

// A small house of device types and stages, for tests that check files.
namespace dkvm::test {

inline PortManifest port(std::uint16_t id, std::string name, wire::Direction direction,
                         std::vector<std::string> topics) {
  PortManifest made;
  made.id = id;
  made.name = std::move(name);
  made.direction = direction;
  made.topics = std::move(topics);
  return made;
}

inline KeyManifest config_key(std::string name, ValueType type, bool required = false,
                              std::vector<std::string> choices = {}) {
  KeyManifest made;
  made.help = "the " + name;
  made.name = std::move(name);
  made.type = type;
  made.required = required;
  made.choices = std::move(choices);
  return made;
}

class FixtureDevices final : public ManifestSource {
 public:
  FixtureDevices() {
    using enum wire::Direction;
    const std::vector<std::string> pointer = {"pointer_motion", "pointer_button", "pointer_scroll"};
    const std::vector<KeyManifest> from_file = {
        config_key("file", ValueType::path, true),
        config_key("mode", ValueType::text, false, {"once", "loop"}),
        config_key("rate", ValueType::number)};
    const std::vector<KeyManifest> to_file = {
        config_key("file", ValueType::path, true),
        config_key("mode", ValueType::text, false, {"append", "truncate"})};

    add("dummy-keyboard-source", {port(1, "keys", source, {"key"})}, from_file);
    add("dummy-keyboard-sink", {port(1, "keys", sink, {"key"})}, to_file);
    add("dummy-mouse-source", {port(1, "pointer", source, pointer)}, from_file);
    add("dummy-mouse-sink", {port(1, "pointer", sink, pointer)}, to_file);
    add("control", {});
    add("camera", {port(1, "frames", source, {"display_frame", "display_mode"})}).ports[0].live =
        true;
    add("screen", {port(1, "picture", sink, {"display_frame", "display_mode", "cursor"})});
    add("link", {}).runtime_ports = true;
    add("desk-input", {port(1, "keyboard", source, {"key"}), port(2, "pointer", source, pointer)});
    add("desk-sink", {port(1, "keyboard", sink, {"key"}), port(2, "pointer", sink, pointer)});
    add("two-keyboards", {port(1, "left", sink, {"key"}), port(2, "right", sink, {"key"})});
    add("recorder", {port(1, "all", sink, {"*"})}, {config_key("file", ValueType::path)});
    add("key-echo", {port(1, "in", sink, {"key"}), port(2, "out", source, {"key"})});
    add("tuner", {port(1, "keys", source, {"key"})},
        {config_key("video.rate", ValueType::integer, false, {"30", "60"}),
         config_key("video.device", ValueType::path), config_key("delay", ValueType::duration),
         config_key("gain", ValueType::number), config_key("label", ValueType::text),
         config_key("mirror", ValueType::boolean),
         config_key("codecs", ValueType::list, false, {"h264", "vp9"}),
         config_key("extra", ValueType::map)});
  }

  const Manifest* find(const DeviceConfig& device) const override {
    const auto found = manifests_.find(device.type);
    return found == manifests_.end() ? nullptr : &found->second;
  }

  std::vector<std::string> types() const override {
    std::vector<std::string> names;
    for (const auto& [type, manifest] : manifests_) names.push_back(type);
    return names;
  }

 private:
  Manifest& add(const std::string& type, std::vector<PortManifest> ports,
                std::vector<KeyManifest> keys = {}) {
    Manifest& manifest = manifests_[type];
    manifest.type = type;
    manifest.ports = std::move(ports);
    manifest.keys = std::move(keys);
    return manifest;
  }

  std::map<std::string, Manifest> manifests_;
};

// `remap` takes names of keys on both sides, `filter` a list of topics.
inline std::vector<StageRule> fixture_stages() {
  const auto is_key = [](const std::string& name) { return name.starts_with("KEY_"); };
  const auto check_remap = [is_key](const nlohmann::json& args) {
    std::vector<StageComplaint> complaints;
    if (!args.is_object()) return std::vector<StageComplaint>{{"", "expected a map of keys"}};
    for (const auto& [from, to] : args.items()) {
      if (!is_key(from)) complaints.push_back({"/" + from, "expected a key as KEY_A", true});
      if (!to.is_string() || !is_key(to))
        complaints.push_back({"/" + from, "expected a key as KEY_A"});
    }
    return complaints;
  };
  const auto check_filter = [](const nlohmann::json& args) {
    if (args.is_array()) return std::vector<StageComplaint>();
    return std::vector<StageComplaint>{{"", "expected a list of topics"}};
  };
  return {{"filter", check_filter}, {"remap", check_remap}};
}

}  // namespace dkvm::test
