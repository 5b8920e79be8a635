#pragma once

#include <dkvm/manifest.hpp>

#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>

// A manifest as the JSON that `--describe` prints.
// Source: docs/protocol.md, "Manifest".
namespace dkvm {
namespace detail {

inline std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof(escaped), "\\u%04x", static_cast<unsigned>(c));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + '"';
}

template <class Items, class Print>
std::string json_array(const Items& items, Print&& print) {
  std::string out = "[";
  for (const auto& item : items) {
    if (out.size() > 1) out += ", ";
    out += print(item);
  }
  return out + "]";
}

// The shortest text that reads back as the same number.
inline std::string json_number(double value) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof(digits), value).ptr};
}

inline std::string_view value_type_name(ValueType type) {
  switch (type) {
    case ValueType::text: return "text";
    case ValueType::integer: return "integer";
    case ValueType::number: return "number";
    case ValueType::boolean: return "boolean";
    case ValueType::duration: return "duration";
    case ValueType::path: return "path";
    case ValueType::list: return "list";
    case ValueType::map: return "map";
  }
  return "text";
}

inline std::string json_of(const PortManifest& port) {
  std::string out = "\n    {\"id\": " + std::to_string(port.id) +
                    ", \"name\": " + json_string(port.name) + ", \"direction\": \"" +
                    wire::EnumNameDirection(port.direction) +
                    "\", \"topics\": " + json_array(port.topics, json_string);
  if (port.live) out += ", \"live\": true";
  if (port.injects) out += ", \"injects\": true";
  return out + ", \"help\": " + json_string(port.help) + "}";
}

inline std::string json_of(const KeyManifest& key) {
  std::string out = "\n    {\"name\": " + json_string(key.name) + ", \"type\": \"";
  out += value_type_name(key.type);
  out += "\"";
  if (!key.fallback.empty()) out += ", \"default\": " + json_string(key.fallback);
  if (key.required) out += ", \"required\": true";
  if (!key.choices.empty()) out += ", \"choices\": " + json_array(key.choices, json_string);
  if (!key.words.empty()) out += ", \"words\": " + json_array(key.words, json_string);
  if (key.min) out += ", \"min\": " + json_number(*key.min);
  if (key.max) out += ", \"max\": " + json_number(*key.max);
  return out + ", \"help\": " + json_string(key.help) + "}";
}

}  // namespace detail

// The text that `--describe` prints, with its newline.
inline std::string describe(const Manifest& manifest) {
  using detail::json_array;
  using detail::json_string;
  const auto flag = [](bool value) { return value ? "true" : "false"; };
  std::string out = "{\n  \"dkvm\": 1,\n  \"type\": " + json_string(manifest.type) +
                    ",\n  \"version\": " + json_string(manifest.version) +
                    ",\n  \"summary\": " + json_string(manifest.summary);
  out += ",\n  \"ports\": " +
         json_array(manifest.ports, [](const PortManifest& port) { return detail::json_of(port); });
  out += ",\n  \"config\": " +
         json_array(manifest.keys, [](const KeyManifest& key) { return detail::json_of(key); });
  out += std::string(",\n  \"runtime_ports\": ") + flag(manifest.runtime_ports);
  out += std::string(",\n  \"fds\": ") + flag(manifest.fds);
  out += std::string(",\n  \"cleanup\": ") + flag(manifest.cleanup);
  return out + "\n}\n";
}

}  // namespace dkvm
