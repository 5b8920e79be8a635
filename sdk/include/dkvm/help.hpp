#pragma once

#include <dkvm/describe.hpp>
#include <dkvm/manifest.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// What a device says about itself to people: `--help`.
namespace dkvm {
namespace detail {

inline std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

// Text as a YAML scalar, quoted where it must be.
inline std::string yaml_scalar(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '.' || c == '_' || c == '-';
  });
  return plain && text != "-" ? std::string(text) : json_string(text);
}

// 1, or what is nearest to it within the key's bounds.
inline std::string sample_number(const KeyManifest& key) {
  double value = 1;
  if (key.min) value = std::max(value, *key.min);
  if (key.max) value = std::min(value, *key.max);
  return key.type == ValueType::integer ? std::to_string(static_cast<std::int64_t>(value))
                                        : json_number(value);
}

// A value of the key's type, in the place of the user's own.
inline std::string sample_of(const KeyManifest& key) {
  if (!key.choices.empty()) return yaml_scalar(key.choices.front());
  switch (key.type) {
    case ValueType::text: return "some-text";
    case ValueType::integer:
    case ValueType::number: return sample_number(key);
    case ValueType::boolean: return "true";
    case ValueType::duration: return "1s";
    case ValueType::path: return "/some/path";
    case ValueType::list: return "[some-item]";
    case ValueType::map: return "{some-key: some-value}";
  }
  return "some-text";
}

// The keys that have no default, as the `config:` of a device; dotted names
// become maps in maps.
inline std::string required_config(std::vector<KeyManifest> keys) {
  std::erase_if(keys, [](const KeyManifest& key) { return !key.required; });
  std::sort(keys.begin(), keys.end(),
            [](const KeyManifest& a, const KeyManifest& b) { return a.name < b.name; });
  std::string out;
  std::string open;  // the maps that the line before lies in, dotted
  for (const KeyManifest& key : keys) {
    std::size_t depth = 0;
    std::size_t begin = 0;
    for (std::size_t dot; (dot = key.name.find('.', begin)) != std::string::npos; begin = dot + 1) {
      const std::string map = key.name.substr(0, dot + 1);
      if (open.rfind(map, 0) != 0)
        out += std::string(8 + 2 * depth, ' ') + key.name.substr(begin, dot - begin) + ":\n";
      ++depth;
    }
    open = key.name.substr(0, begin);
    out += std::string(8 + 2 * depth, ' ') + key.name.substr(begin) + ": " + sample_of(key) +
           "  # " + std::string(value_type_name(key.type)) + ": " + key.help + "\n";
  }
  return out.empty() ? out : "      config:\n" + out;
}

}  // namespace detail

// The device's entry in a kvm.yaml, with samples for what its user must say.
// program: its path. One that is named dkvm-<type> is found by its type.
inline std::string yaml_example(const Manifest& manifest, std::string_view program) {
  const bool by_type = detail::file_name(program) == "dkvm-" + manifest.type;
  return "  devices:\n    my-" + manifest.type + ":\n" +
         (by_type ? "      type: " + manifest.type + "\n"
                  : "      exec: [" + detail::yaml_scalar(program) + "]\n") +
         detail::required_config(manifest.keys);
}

inline std::string help(const Manifest& manifest, std::string_view program) {
  std::string out = manifest.type + " " + manifest.version + ": " + manifest.summary +
                    "\n\nA dKVM device. dkvm-kernel runs it; in kvm.yaml:\n\n" +
                    yaml_example(manifest, program) +
                    "\n  --describe  its ports and configuration keys, as JSON\n";
  if (manifest.cleanup) out += "  --cleanup   releases what a dead instance left behind\n";
  return out + "  --version   its version\n  --help      this text\n";
}

}  // namespace dkvm
