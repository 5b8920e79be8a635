#include "config/environment.hpp"

#include "config/error_list.hpp"
#include "config/suggest.hpp"

#include <dkvm/limits.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace dkvm {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kConfigVariable = "DKVM_CONFIG";
constexpr std::size_t kVariableOverheadBytes = 2;  // '=' and the final NUL

// A key as part of a variable's name, nothing if it cannot be one.
std::optional<std::string> variable_part(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c >= 'a' && c <= 'z')
      out += static_cast<char>(c - 'a' + 'A');
    else if (c == '-')
      out += '_';
    else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')
      out += c;
    else
      return std::nullopt;
  }
  return out;
}

std::string text_of(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class EnvironmentBuilder {
 public:
  EnvironmentBuilder(const DeviceConfig& device, std::map<std::string, std::string>& out,
                     detail::ErrorList& errors)
      : device_(device), out_(out), errors_(errors) {}

  void run() {
    const Json& config = device_.config.value;
    if (config.is_object())
      for (const auto& [key, value] : config.items())
        add(std::string(kConfigVariable) + '_', Json::json_pointer() / key, key, value);
    out_[std::string(kConfigVariable)] = config.is_null() ? "{}" : text_of(config);
    check_size();
  }

 private:
  void add(const std::string& prefix, const Json::json_pointer& pointer, const std::string& key,
           const Json& value) {
    const auto part = variable_part(key);
    if (!part) return;
    const std::string name = prefix + *part;
    if (value.is_object())
      for (const auto& [inner, child] : value.items())
        add(name + "__", pointer / inner, inner, child);
    else if (value.is_array())
      for (std::size_t i = 0; i < value.size(); ++i)
        add(name + "__", pointer / i, std::to_string(i), value[i]);
    else if (!value.is_null())
      set(name, pointer, value.is_string() ? value.get<std::string>() : text_of(value));
  }

  void set(const std::string& name, const Json::json_pointer& pointer, std::string value) {
    const LocatedJson::Place place = device_.config.place(pointer.to_string());
    const auto [first, is_new] = places_.try_emplace(name, place.key);
    if (!is_new) {
      // Objects come sorted: the one further down the file is at fault.
      const bool later = std::pair(place.key.line, place.key.column) >
                         std::pair(first->second.line, first->second.column);
      const Location& at = later ? place.key : first->second;
      const Location& other = later ? first->second : place.key;
      errors_.add(at, fmt::format("this key and the one at line {}, column {} both become the "
                                  "variable {}, expected names that stay apart",
                                  other.line, other.column, detail::in_quotes(name)));
      return;
    }
    out_[name] = std::move(value);
  }

  void check_size() {
    std::size_t bytes = 0;
    for (const auto& [name, value] : out_)
      bytes += name.size() + value.size() + kVariableOverheadBytes;
    if (bytes <= kConfigEnvBytesMax) return;
    const Location& at = device_.config.at.line != 0 ? device_.config.at : device_.at;
    errors_.add(at, fmt::format("the configuration of device {} takes {} bytes of environment, "
                                "expected at most {}: put the bulk into a file",
                                detail::in_quotes(device_.name), bytes, kConfigEnvBytesMax));
  }

  const DeviceConfig& device_;
  std::map<std::string, std::string>& out_;
  detail::ErrorList& errors_;
  std::map<std::string, Location> places_;
};

}  // namespace

tl::expected<std::map<std::string, std::string>, ConfigErrors> device_environment(
    const DeviceConfig& device) {
  std::map<std::string, std::string> out = device.env;
  detail::ErrorList errors;
  EnvironmentBuilder(device, out, errors).run();
  if (!errors.empty()) return tl::unexpected(errors.take());
  return out;
}

}  // namespace dkvm
