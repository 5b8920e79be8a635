#include "config/manifest_json.hpp"

#include "config/address.hpp"

#include <dkvm/limits.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

namespace dkvm {
namespace {

using Json = nlohmann::json;

// In the order of ValueType.
constexpr std::array<std::string_view, 8> kValueTypes = {"text",     "integer", "number", "boolean",
                                                         "duration", "path",    "list",   "map"};
constexpr std::array<std::string_view, 2> kDirections = {"source", "sink"};

template <std::size_t N>
std::optional<std::size_t> index_of(std::string_view text,
                                    const std::array<std::string_view, N>& of) {
  const auto found = std::find(of.begin(), of.end(), text);
  if (found == of.end()) return std::nullopt;
  return static_cast<std::size_t>(found - of.begin());
}

// The fields of one object; the first that is wrong is remembered.
class Fields {
 public:
  Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) complain("", "expected an object");
  }

  std::string text(const char* field, std::size_t bytes_max, bool required = false) {
    const Json* value = find(field);
    if (value == nullptr) {
      if (required) complain(field, "is missing");
      return {};
    }
    if (!value->is_string()) return complain(field, "is no text"), "";
    const auto& text = value->get_ref<const std::string&>();
    if (text.size() > bytes_max)
      complain(field, fmt::format("has {} bytes, expected at most {}", text.size(), bytes_max));
    if (required && text.empty()) complain(field, "is empty");
    return text;
  }

  // A default may be written as the number or boolean that it is.
  std::string scalar_text(const char* field, std::size_t bytes_max) {
    const Json* value = find(field);
    if (value == nullptr || value->is_string()) return text(field, bytes_max);
    if (value->is_structured()) complain(field, "is no text");
    return value->is_null() ? std::string() : value->dump();
  }

  bool flag(const char* field) {
    const Json* value = find(field);
    if (value == nullptr) return false;
    if (!value->is_boolean()) return complain(field, "is neither true nor false"), false;
    return value->get<bool>();
  }

  std::uint16_t id(const char* field) {
    const Json* value = find(field);
    if (value == nullptr || !value->is_number_unsigned() ||
        value->get<std::uint64_t>() >= kKernelPort)
      return complain(field, fmt::format("is no number from 0 to {}", kKernelPort - 1)), 0;
    return value->get<std::uint16_t>();
  }

  std::optional<double> number(const char* field) {
    const Json* value = find(field);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number()) return complain(field, "is no number"), std::nullopt;
    return value->get<double>();
  }

  // An empty list when it is absent.
  const Json& list(const char* field, std::size_t items_max) {
    static const Json kEmpty = Json::array();
    const Json* value = find(field);
    if (value == nullptr) return kEmpty;
    if (!value->is_array()) return complain(field, "is no list"), kEmpty;
    if (value->size() > items_max)
      return complain(field,
                      fmt::format("has {} items, expected at most {}", value->size(), items_max)),
             kEmpty;
    return *value;
  }

  std::vector<std::string> texts(const char* field, std::size_t items_max, std::size_t bytes_max) {
    std::vector<std::string> out;
    for (const Json& item : list(field, items_max)) {
      if (!item.is_string() || item.get_ref<const std::string&>().size() > bytes_max)
        complain(field, fmt::format("has an item that is no text of at most {} bytes", bytes_max));
      else
        out.push_back(item.get<std::string>());
    }
    return out;
  }

  void complain(std::string_view field, std::string_view what) {
    if (error_) return;
    error_ = Error(Errc::invalid, field.empty() ? fmt::format("{}: {}", where_, what)
                                                : fmt::format("{}: '{}' {}", where_, field, what));
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  const Json* find(const char* field) const {
    const auto found = object_.is_object() ? object_.find(field) : object_.end();
    return found == object_.end() ? nullptr : &*found;
  }

  const Json& object_;
  std::string where_;
  std::optional<Error> error_;
};

Result<PortManifest> parse_port(const Json& json, std::size_t index) {
  Fields fields(json, fmt::format("port {}", index));
  PortManifest port;
  port.id = fields.id("id");
  port.name = fields.text("name", kNameBytesMax, true);
  const auto direction = index_of(fields.text("direction", kNameBytesMax), kDirections);
  if (!direction) fields.complain("direction", "is neither 'source' nor 'sink'");
  port.direction = static_cast<wire::Direction>(direction.value_or(0));
  port.topics = fields.texts("topics", kTopicsPerPortMax, kNameBytesMax);
  port.live = fields.flag("live");
  port.injects = fields.flag("injects");
  port.help = fields.text("help", kManifestTextBytesMax);
  if (const auto complaint = name_complaint(port.name)) fields.complain("name", *complaint);
  if (fields.error()) return fail(*fields.error());
  return port;
}

Result<KeyManifest> parse_key(const Json& json, std::size_t index) {
  Fields fields(json, fmt::format("configuration key {}", index));
  KeyManifest key;
  key.name = fields.text("name", kNameBytesMax, true);
  const auto type = index_of(fields.text("type", kNameBytesMax), kValueTypes);
  if (!type) fields.complain("type", fmt::format("is none of {}", fmt::join(kValueTypes, ", ")));
  key.type = static_cast<ValueType>(type.value_or(0));
  key.fallback = fields.scalar_text("default", kManifestTextBytesMax);
  key.help = fields.text("help", kManifestTextBytesMax);
  key.required = fields.flag("required");
  key.choices = fields.texts("choices", kManifestChoicesMax, kManifestTextBytesMax);
  key.words = fields.texts("words", kManifestChoicesMax, kManifestTextBytesMax);
  key.min = fields.number("min");
  key.max = fields.number("max");
  if (fields.error()) return fail(*fields.error());
  return key;
}

Result<> check_unique(const Manifest& manifest) {
  std::set<std::uint16_t> ids;
  std::set<std::pair<wire::Direction, std::string_view>> names;
  for (const PortManifest& port : manifest.ports) {
    if (!ids.insert(port.id).second)
      return fail(Errc::invalid, fmt::format("two ports have the id {}", port.id));
    if (!names.emplace(port.direction, port.name).second)
      return fail(Errc::invalid, fmt::format("two ports are called '{}'", port.name));
  }
  std::set<std::string_view> keys;
  for (const KeyManifest& key : manifest.keys)
    if (!keys.insert(key.name).second)
      return fail(Errc::invalid, fmt::format("two configuration keys are called '{}'", key.name));
  return {};
}

Result<> check_format(const Json& json) {
  if (!json.is_object() || !json.contains("dkvm") || !json["dkvm"].is_number_integer())
    return fail(Errc::invalid, "this is no manifest, expected a JSON object with \"dkvm\": 1");
  if (json["dkvm"] != kManifestFormat)
    return fail(Errc::unsupported, fmt::format("a manifest of format {}, expected {}",
                                               json["dkvm"].dump(), kManifestFormat));
  return {};
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text) {
  if (text.size() > kManifestBytesMax)
    return fail(Errc::invalid, fmt::format("a manifest of {} bytes, expected at most {}",
                                           text.size(), kManifestBytesMax));
  const Json json = Json::parse(text, nullptr, false);
  DKVM_CHECK(check_format(json));
  Fields fields(json, "manifest");
  Manifest manifest;
  manifest.type = fields.text("type", kNameBytesMax, true);
  manifest.version = fields.text("version", kNameBytesMax);
  manifest.summary = fields.text("summary", kManifestTextBytesMax);
  const Json& ports = fields.list("ports", kPortsPerHelloMax);
  const Json& keys = fields.list("config", kManifestKeysMax);
  manifest.runtime_ports = fields.flag("runtime_ports");
  manifest.fds = fields.flag("fds");
  manifest.cleanup = fields.flag("cleanup");
  if (fields.error()) return fail(*fields.error());
  for (std::size_t i = 0; i < ports.size(); ++i) {
    DKVM_TRY(PortManifest port, parse_port(ports[i], i));
    manifest.ports.push_back(std::move(port));
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    DKVM_TRY(KeyManifest key, parse_key(keys[i], i));
    manifest.keys.push_back(std::move(key));
  }
  DKVM_CHECK(check_unique(manifest));
  return manifest;
}

}  // namespace dkvm
