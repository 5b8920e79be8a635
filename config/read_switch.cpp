#include "config/map_reader.hpp"
#include "config/read_sections.hpp"
#include "config/suggest.hpp"
#include "config/yaml_values.hpp"

#include <dkvm/codes.hpp>
#include <dkvm/limits.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace dkvm::detail {
namespace {

constexpr std::string_view kNone = "none";
// Enumerators of wire::Side in order.
constexpr std::array<std::string_view, 4> kSideNames = {"left", "right", "top", "bottom"};
constexpr std::array<std::string_view, 2> kMotions = {"absolute", "relative"};

const std::vector<std::string_view>& key_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (std::size_t code = 1; code < kInputCodesMax; ++code)
      if (const auto name = code_name(static_cast<std::uint16_t>(code)); name.starts_with("KEY_"))
        all.push_back(name);
    return all;
  }();
  return names;
}

// Reads one switch; what is wrong goes to errors.
class SwitchReader {
 public:
  explicit SwitchReader(ErrorList& errors) : errors_(errors), values_{errors} {}

  SwitchConfig run(const YamlNode& node) {
    it_.at = node.at;
    const YamlNode* name = node.find("name");
    MapReader reader(node,
                     name != nullptr && name->is_scalar()
                         ? fmt::format("switch {}", in_quotes(name->text))
                         : "a switch",
                     errors_);
    if (reader.require("name", node.at) != nullptr) {
      it_.at = name->at;
      it_.name = values_.name(*name, "switch name").value_or("");
    }
    if (const auto* sources = reader.require("sources", it_.at))
      it_.sources = read_addresses(*sources, "sources", errors_);
    if (const auto* home = reader.require("home", it_.at)) {
      it_.home_at = home->at;
      it_.home = values_.name(*home, "home").value_or("");
    }
    if (const auto* targets = reader.require("targets", it_.at)) read_targets(*targets);
    if (const auto* hotkeys = reader.take_filled("hotkeys")) read_hotkeys(*hotkeys);
    if (const auto* edges = reader.take_filled("edges")) read_edges(*edges);
    reader.finish();
    return std::move(it_);
  }

 private:
  void read_targets(const YamlNode& node) {
    if (!node.is_map())
      return values_.wrong(node, "targets", "expected a map (local: none, laptop: link/laptop)");
    if (node.entries.empty() || node.entries.size() > kTargetsPerSwitchMax)
      errors_.add(node.at, fmt::format("'targets' has {} entries, expected 1 to {}",
                                       node.entries.size(), kTargetsPerSwitchMax));
    for (const YamlEntry& entry : node.entries) {
      SwitchTargetConfig target;
      target.name = entry.key;
      target.at = entry.key_at;
      if (const auto complaint = name_complaint(entry.key))
        errors_.add(entry.key_at, fmt::format("target {}: {}", in_quotes(entry.key), *complaint));
      else if (entry.key == kHotkeyNext || entry.key == kHotkeyLock)
        errors_.add(entry.key_at,
                    fmt::format("'{}' is a hotkey's word, expected another name", entry.key));
      if (entry.value.is_map())
        read_target_map(entry, target);
      else
        target.to = read_to(entry.value, fmt::format("targets.{}", entry.key));
      it_.targets.push_back(std::move(target));
    }
  }

  void read_target_map(const YamlEntry& entry, SwitchTargetConfig& target) {
    MapReader reader(entry.value, fmt::format("target {}", in_quotes(entry.key)), errors_);
    if (const auto* to = reader.require("to", entry.key_at)) target.to = read_to(*to, "to");
    if (const auto* motion = reader.take("motion"))
      target.relative = values_.choice(*motion, "motion", kMotions) == 1u;
    reader.finish();
  }

  // Nothing for `none`.
  std::optional<Address> read_to(const YamlNode& node, std::string_view what) {
    const auto text = values_.text(node, what);
    if (!text || *text == kNone) return std::nullopt;
    auto address = parse_address(*text);
    if (!address) {
      errors_.add(node.at, fmt::format("'{}': {}", what, address.error().message()));
      return std::nullopt;
    }
    address->at = node.at;
    // `link/peer` stands for the stream named like the switch.
    if (address->is_link() && address->port.find('/') == std::string::npos)
      address->port += '/' + it_.name;
    return std::move(*address);
  }

  void read_hotkeys(const YamlNode& node) {
    if (!node.is_map())
      return values_.wrong(node, "hotkeys", "expected a map (laptop: [KEY_LEFTCTRL, KEY_F2])");
    for (const YamlEntry& entry : node.entries) {
      HotkeyConfig hotkey{entry.key, {}, entry.key_at};
      const auto items = items_of(entry.value);
      if (items.empty() || items.size() > kCodesPerChordMax)
        errors_.add(entry.value.at, fmt::format("'hotkeys.{}' has {} keys, expected 1 to {}",
                                                entry.key, items.size(), kCodesPerChordMax));
      for (const YamlNode* item : items) read_code(*item, hotkey);
      it_.hotkeys.push_back(std::move(hotkey));
    }
  }

  void read_code(const YamlNode& node, HotkeyConfig& hotkey) {
    const auto text = values_.text(node, fmt::format("hotkeys.{}", hotkey.name));
    if (!text) return;
    const auto code = code_from_name(*text);
    if (!code || *code == 0 || !text->starts_with("KEY_"))
      return errors_.add(node.at, fmt::format("{} is no key, expected a name such as KEY_F2{}",
                                              in_quotes(*text), did_you_mean(*text, key_names())));
    if (std::ranges::find(hotkey.codes, *code) != hotkey.codes.end())
      errors_.add(node.at, fmt::format("'{}' is in this chord twice, expected it once", *text));
    hotkey.codes.push_back(*code);
  }

  void read_edges(const YamlNode& node) {
    MapReader reader(node, "'edges'", errors_);
    if (const auto* layout = reader.take_filled("layout")) read_layout(*layout);
    if (const auto* delay = reader.take("delay"))
      it_.delay =
          values_.duration(*delay, "edges.delay", std::chrono::milliseconds(0), kEdgeDelayMax)
              .value_or(it_.delay);
    if (const auto* corners = reader.take("corners"))
      it_.corners = static_cast<std::uint32_t>(
          values_.integer(*corners, "edges.corners", 0, kEdgeCornersMax).value_or(it_.corners));
    reader.finish();
  }

  void read_layout(const YamlNode& node) {
    if (!node.is_map())
      return values_.wrong(node, "edges.layout", "expected a map (local: {right: laptop})");
    for (const YamlEntry& entry : node.entries) {
      MapReader reader(entry.value, fmt::format("'edges.layout.{}'", printable_key(entry.key)),
                       errors_);
      for (std::size_t side = 0; side < kSideNames.size(); ++side) {
        const auto* beyond = reader.take(kSideNames[side]);
        if (beyond == nullptr) continue;
        const auto name = values_.text(*beyond, fmt::format("edges.layout.{}", kSideNames[side]));
        if (name)
          it_.layout.push_back(
              {entry.key, static_cast<wire::Side>(side), *name, entry.key_at, beyond->at});
      }
      reader.finish();
    }
  }

  static std::string printable_key(const std::string& key) {
    std::string quoted = in_quotes(key);
    return quoted.substr(1, quoted.size() - 2);
  }

  ErrorList& errors_;
  const Values values_;
  SwitchConfig it_;
};

}  // namespace

SwitchConfig read_switch(const YamlNode& node, ErrorList& errors) {
  return SwitchReader(errors).run(node);
}

}  // namespace dkvm::detail
