#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

// Reading what a kernel, perhaps of another version, has answered: a field
// that is missing or of another type reads as nothing.
namespace dkvm::ctl {

using Json = nlohmann::ordered_json;  // members stay in the kernel's order

inline const Json& field(const Json& object, const char* key) {
  static const Json nothing;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found == object.end() ? nothing : *found;
}

inline std::string text_of(const Json& object, const char* key) {
  const Json& value = field(object, key);
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

inline double number_of(const Json& object, const char* key) {
  const Json& value = field(object, key);
  return value.is_number() ? value.get<double>() : 0;
}

inline std::uint64_t count_of(const Json& object, const char* key) {
  const Json& value = field(object, key);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

inline bool flag_of(const Json& object, const char* key) {
  const Json& value = field(object, key);
  return value.is_boolean() && value.get<bool>();
}

inline const Json& list_of(const Json& object, const char* key) {
  static const Json none = Json::array();
  const Json& value = field(object, key);
  return value.is_array() ? value : none;
}

// The items of a list of texts in one text.
inline std::string joined(const Json& list, const char* separator = ", ") {
  std::string text;
  for (const Json& item : list) {
    if (!item.is_string()) continue;
    if (!text.empty()) text += separator;
    text += item.get<std::string>();
  }
  return text;
}

}  // namespace dkvm::ctl
