#include "config/check_parts.hpp"
#include "config/suggest.hpp"
#include "config/units.hpp"
#include "config/yaml_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace dkvm::detail {
namespace {

using Json = nlohmann::json;

std::string describe(const Json& value) {
  if (value.is_string()) return in_quotes(value.get_ref<const std::string&>());
  if (value.is_array()) return "a list";
  if (value.is_object()) return "a map";
  return value.is_null() ? "nothing" : value.dump();
}

bool is_numeric(ValueType type) { return type == ValueType::integer || type == ValueType::number; }

// `a number from 1 to 5, recorded or max`; the hint is about the number.
std::string expected_number(const KeyManifest& key, std::string_view hint) {
  std::string text = key.type == ValueType::integer ? "a whole number" : "a number";
  if (key.min) text += fmt::format(" from {}", *key.min);
  if (key.max) text += fmt::format("{} {}", key.min ? " to" : " of at most", *key.max);
  text += hint;
  std::vector<std::string_view> choices = {text};
  choices.insert(choices.end(), key.words.begin(), key.words.end());
  return one_of(choices);
}

// What was expected; nothing when the value is such a number.
std::optional<std::string> number_complaint(const Json& value, const KeyManifest& key) {
  const bool whole = key.type == ValueType::integer;
  if (whole ? value.is_number_integer() : value.is_number()) {
    const double number = value.get<double>();
    if (number >= key.min.value_or(number) && number <= key.max.value_or(number))
      return std::nullopt;
  }
  if (!value.is_string()) return "expected " + expected_number(key, "");
  const auto& text = value.get_ref<const std::string&>();
  const std::vector<std::string_view> words(key.words.begin(), key.words.end());
  if (std::find(words.begin(), words.end(), text) != words.end()) return std::nullopt;
  if (looks_like_number(text)) return "expected " + expected_number(key, " without quotes");
  return "expected " + expected_number(key, "") + did_you_mean(text, words);
}

// What was expected; nothing when the value is of the type. Numbers are judged
// by number_complaint().
std::optional<std::string> type_complaint(const Json& value, ValueType type) {
  const auto unless = [](bool fits, std::string_view expected) {
    return fits ? std::nullopt : std::optional(fmt::format("expected {}", expected));
  };
  switch (type) {
    case ValueType::text:
      return unless(value.is_string(),
                    value.is_primitive() && !value.is_null()
                        ? fmt::format("text (in quotes it is text: \"{}\")", value.dump())
                        : "text");
    case ValueType::path: return unless(value.is_string() && value != "", "the path of a file");
    case ValueType::integer:
    case ValueType::number: return std::nullopt;
    case ValueType::boolean:
      return unless(value.is_boolean(), value == "true" || value == "false"
                                            ? "true or false without quotes"
                                            : "true or false");
    case ValueType::list: return unless(value.is_array(), "a list");
    case ValueType::map: return unless(value.is_object(), "a map (key: value)");
    case ValueType::duration: {
      const auto time = parse_duration(value.is_string() ? value.get<std::string>() : value.dump());
      return time ? std::nullopt : std::optional(time.error().message());
    }
  }
  return std::nullopt;
}

class KeyChecker {
 public:
  KeyChecker(const DeviceConfig& device, const Manifest& manifest, ErrorList& errors)
      : device_(device), manifest_(manifest), errors_(errors) {}

  void run() {
    if (device_.config.value.is_object()) check_map(device_.config.value, "", Json::json_pointer());
    for (const KeyManifest& key : manifest_.keys)
      if (key.required && !device_.broken && !is_set(key.name))
        errors_.add(device_.config.at.line != 0 ? device_.config.at : device_.at,
                    fmt::format("device '{}' needs the key '{}' in its 'config', expected it: {}",
                                device_.name, key.name, key.help));
  }

 private:
  // prefix is dotted and ends with a dot, pointer is the map's.
  void check_map(const Json& map, const std::string& prefix, const Json::json_pointer& pointer) {
    for (const auto& [key, value] : map.items()) {
      const std::string name = prefix + key;
      const Json::json_pointer place = pointer / key;
      if (const KeyManifest* known = find(name))
        check_value(*known, value, place);
      else if (!is_section(name))
        complain_unknown(key, prefix, place);
      else if (value.is_object())
        check_map(value, name + '.', place);
      else if (!value.is_null())
        add(place, name, value, "expected a map (key: value)");
    }
  }

  void check_value(const KeyManifest& key, const Json& value, const Json::json_pointer& place) {
    if (value.is_null()) return;  // as if the key were not there
    if (const auto expected =
            is_numeric(key.type) ? number_complaint(value, key) : type_complaint(value, key.type)) {
      add(place, key.name, value, *expected);
      return;
    }
    if (key.choices.empty()) return;
    if (!value.is_array()) return check_choice(key, value, place);
    for (std::size_t i = 0; i < value.size(); ++i) check_choice(key, value[i], place / i);
  }

  void check_choice(const KeyManifest& key, const Json& value, const Json::json_pointer& place) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (std::find(key.choices.begin(), key.choices.end(), text) != key.choices.end()) return;
    const std::vector<std::string_view> choices(key.choices.begin(), key.choices.end());
    add(place, key.name, value,
        fmt::format("expected {}{}", one_of(choices), did_you_mean(text, choices)));
  }

  void complain_unknown(const std::string& key, const std::string& prefix,
                        const Json::json_pointer& place) {
    std::vector<std::string_view> siblings;
    for (const KeyManifest& known : manifest_.keys) {
      if (!known.name.starts_with(prefix)) continue;
      const std::string_view rest = std::string_view(known.name).substr(prefix.size());
      const std::string_view part = rest.substr(0, rest.find('.'));
      if (std::find(siblings.begin(), siblings.end(), part) == siblings.end())
        siblings.push_back(part);
    }
    errors_.add(
        device_.config.place(place.to_string()).key,
        fmt::format("device type '{}' has no configuration key {}, expected {}{}", manifest_.type,
                    in_quotes(prefix + key), siblings.empty() ? "none" : one_of(siblings),
                    did_you_mean(key, siblings)));
  }

  void add(const Json::json_pointer& place, const std::string& name, const Json& value,
           const std::string& expected) {
    errors_.add(device_.config.place(place.to_string()).value,
                fmt::format("'{}' is {}, {}", name, describe(value), expected));
  }

  const KeyManifest* find(const std::string& name) const {
    for (const KeyManifest& key : manifest_.keys)
      if (key.name == name) return &key;
    return nullptr;
  }

  bool is_section(const std::string& name) const {
    return std::any_of(manifest_.keys.begin(), manifest_.keys.end(),
                       [&](const KeyManifest& key) { return key.name.starts_with(name + '.'); });
  }

  bool is_set(const std::string& name) const {
    const auto pointer = key_pointer(name);
    return device_.config.value.contains(pointer) && !device_.config.value[pointer].is_null();
  }

  const DeviceConfig& device_;
  const Manifest& manifest_;
  ErrorList& errors_;
};

}  // namespace

Json::json_pointer key_pointer(std::string_view name) {
  Json::json_pointer pointer;
  for (std::size_t at = 0;;) {
    const std::size_t dot = name.find('.', at);
    pointer /= std::string(name.substr(at, dot - at));
    if (dot == std::string_view::npos) return pointer;
    at = dot + 1;
  }
}

void check_device_keys(const DeviceConfig& device, const Manifest& manifest, ErrorList& errors) {
  KeyChecker(device, manifest, errors).run();
}

}  // namespace dkvm::detail
