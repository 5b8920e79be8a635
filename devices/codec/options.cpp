#include "devices/codec/options.hpp"

#include "devices/codec/limits.hpp"

#include <algorithm>

namespace dkvm::codec {

using Json = nlohmann::json;

Result<std::map<std::string, std::string>> read_options(const ConfigReader& config) {
  const Json json = Json::parse(config.json(), nullptr, false);
  if (!json.is_object() || !json.contains("options")) return std::map<std::string, std::string>{};
  const Json& given = json["options"];
  if (!given.is_object() || given.size() > kOptionsMax)
    return fail(Errc::invalid, "config key 'options': expected a map of at most " +
                                   std::to_string(kOptionsMax) +
                                   " options of the codec (name: value)");
  std::map<std::string, std::string> options;
  for (const auto& [name, value] : given.items()) {
    if (value.is_structured() || value.is_null())
      return fail(Errc::invalid,
                  "config key 'options." + name + "': expected a text, a number, true or false");
    options[name] = value.is_string()    ? value.get<std::string>()
                    : value.is_boolean() ? (value.get<bool>() ? "1" : "0")
                                         : value.dump();
  }
  return options;
}

Result<Json> read_body(const std::string& body, std::initializer_list<const char*> keys) {
  Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return fail(Errc::invalid, "expected a JSON object");
  for (const auto& [name, value] : json.items())
    if (std::none_of(keys.begin(), keys.end(), [&](const char* key) { return name == key; })) {
      std::string expected;
      for (const char* key : keys) expected += (expected.empty() ? "" : ", ") + std::string(key);
      return fail(Errc::invalid, "'" + name + "' is not known, expected " +
                                     (expected.empty() ? "nothing" : expected));
    }
  return json;
}

Result<std::optional<std::uint64_t>> read_number(const Json& body, const char* key,
                                                 std::uint64_t least, std::uint64_t most) {
  if (!body.contains(key)) return std::nullopt;
  const Json& value = body[key];
  if (value.is_number_unsigned() && value.get<std::uint64_t>() >= least &&
      value.get<std::uint64_t>() <= most)
    return value.get<std::uint64_t>();
  return fail(Errc::invalid, std::string(key) + ": " + value.dump() +
                                 " is not a whole number from " + std::to_string(least) + " to " +
                                 std::to_string(most));
}

}  // namespace dkvm::codec
