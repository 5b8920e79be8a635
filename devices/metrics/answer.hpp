#pragma once

#include <nlohmann/json.hpp>

#include <string>

// Fields of answers, which may be missing or of another type in another version.
namespace dkvm::metrics {

using Json = nlohmann::json;

// A field; null when there is none, or this is no object.
inline const Json& field(const Json& object, const char* name) {
  static const Json kNone;
  if (!object.is_object()) return kNone;
  const auto found = object.find(name);
  return found == object.end() ? kNone : *found;
}

inline std::string text_of(const Json& object, const char* name) {
  const Json& value = field(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

inline double number_of(const Json& object, const char* name) {
  const Json& value = field(object, name);
  return value.is_number() ? value.get<double>() : 0;
}

inline bool flag_of(const Json& object, const char* name) {
  const Json& value = field(object, name);
  return value.is_boolean() && value.get<bool>();
}

// A list; empty when it is none.
inline const Json& list_of(const Json& object, const char* name) {
  static const Json kEmpty = Json::array();
  const Json& value = field(object, name);
  return value.is_array() ? value : kEmpty;
}

}  // namespace dkvm::metrics
