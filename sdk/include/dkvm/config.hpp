#pragma once

#include <dkvm/describe.hpp>
#include <dkvm/manifest.hpp>
#include <dkvm/result.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dkvm {

// A device's own configuration: typed reading of the environment variables
// that the kernel made of the YAML's `config:`. `video.rate` is
// DKVM_CONFIG_VIDEO__RATE. A key that is absent has its manifest's fallback.
// Errors: Errc::invalid with the key, the value and what was expected, and for
//         a key that has neither value nor fallback.
// Source: docs/protocol.md, "Configuration".
class ConfigReader {
 public:
  using Lookup = std::function<std::optional<std::string>(const std::string& variable)>;

  explicit ConfigReader(std::vector<KeyManifest> keys, Lookup lookup = from_environment)
      : keys_(std::move(keys)), lookup_(std::move(lookup)) {}

  static std::optional<std::string> from_environment(const std::string& variable) {
    const char* value = std::getenv(variable.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  }

  static std::string variable_of(std::string_view key) {
    std::string variable = "DKVM_CONFIG_";
    for (const char c : key) {
      if (c == '.') {
        variable += "__";
      } else if (c == '-') {
        variable += '_';
      } else {
        variable += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      }
    }
    return variable;
  }

  // The value or the fallback; nullopt when there is neither.
  std::optional<std::string> find(std::string_view key) const {
    if (auto value = lookup_(variable_of(key))) return value;
    const KeyManifest* declared = declaration(key);
    if (declared == nullptr || declared->fallback.empty()) return std::nullopt;
    return declared->fallback;
  }

  bool has(std::string_view key) const { return find(key).has_value(); }

  Result<std::string> text(std::string_view key) const {
    auto value = find(key);
    if (!value) return missing(key);
    if (const KeyManifest* declared = declaration(key); declared && !declared->choices.empty()) {
      for (const auto& choice : declared->choices)
        if (choice == *value) return std::move(*value);
      return wrong(key, *value, "one of " + joined(declared->choices));
    }
    return std::move(*value);
  }

  Result<std::int64_t> integer(std::string_view key, std::int64_t least = INT64_MIN,
                               std::int64_t most = INT64_MAX) const {
    DKVM_TRY(const std::string value, text(key));
    std::int64_t number = 0;
    if (!parsed_whole(value, number)) return wrong(key, value, "a whole number");
    DKVM_CHECK(in_range(key, value, static_cast<double>(number)));
    if (number < least || number > most)
      return wrong(key, value,
                   "a number from " + std::to_string(least) + " to " + std::to_string(most));
    return number;
  }

  Result<double> number(std::string_view key) const {
    DKVM_TRY(const std::string value, text(key));
    double number = 0;
    if (!parsed_whole(value, number)) return wrong(key, value, "a number");
    return in_range(key, value, number);
  }

  Result<bool> flag(std::string_view key) const {
    DKVM_TRY(const std::string value, text(key));
    if (value == "true") return true;
    if (value == "false") return false;
    return wrong(key, value, "true or false");
  }

  // `250ms`, `1.5s`, `2m`, `1h`, `10us`.
  Result<std::chrono::nanoseconds> duration(std::string_view key) const {
    DKVM_TRY(const std::string value, text(key));
    if (const auto parsed = parse_duration(value)) return *parsed;
    return wrong(key, value, "a duration such as 250ms or 1.5s");
  }

  // The scalars of a list, in order.
  std::vector<std::string> list(std::string_view key) const {
    std::vector<std::string> items;
    for (;;) {
      auto item = lookup_(variable_of(std::string(key) + "." + std::to_string(items.size())));
      if (!item) return items;
      items.push_back(std::move(*item));
    }
  }

  // The whole `config:` as JSON text.
  std::string json() const { return lookup_("DKVM_CONFIG").value_or("{}"); }

  static std::optional<std::chrono::nanoseconds> parse_duration(std::string_view value) {
    double amount = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), amount);
    if (error != std::errc{} || amount < 0) return std::nullopt;
    const std::string_view unit(end, static_cast<std::size_t>(value.data() + value.size() - end));
    for (const auto& [name, ns] : {std::pair<std::string_view, double>{"ns", 1},
                                   {"us", 1e3},
                                   {"ms", 1e6},
                                   {"s", 1e9},
                                   {"m", 60e9},
                                   {"h", 3600e9}}) {
      if (unit == name && amount * ns < 9e18)
        return std::chrono::nanoseconds(static_cast<std::int64_t>(amount * ns));
    }
    return std::nullopt;
  }

 private:
  const KeyManifest* declaration(std::string_view key) const {
    for (const auto& declared : keys_)
      if (declared.name == key) return &declared;
    return nullptr;
  }

  // What the manifest says of the number.
  Result<double> in_range(std::string_view key, std::string_view value, double number) const {
    const KeyManifest* declared = declaration(key);
    if (declared == nullptr) return number;
    if (declared->min && !(number >= *declared->min))
      return wrong(key, value, "at least " + detail::json_number(*declared->min));
    if (declared->max && !(number <= *declared->max))
      return wrong(key, value, "at most " + detail::json_number(*declared->max));
    return number;
  }

  template <class Number>
  static bool parsed_whole(std::string_view text, Number& number) {
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && stopped == end;
  }

  static std::string joined(const std::vector<std::string>& items) {
    std::string text;
    for (const auto& item : items) text += (text.empty() ? "" : ", ") + item;
    return text;
  }

  static tl::unexpected<Error> missing(std::string_view key) {
    return fail(Errc::invalid, "config key '" + std::string(key) + "' is required");
  }

  static tl::unexpected<Error> wrong(std::string_view key, std::string_view value,
                                     std::string_view expected) {
    return fail(Errc::invalid, "config key '" + std::string(key) + "': '" + std::string(value) +
                                   "' is not " + std::string(expected));
  }

  std::vector<KeyManifest> keys_;
  Lookup lookup_;
};

}  // namespace dkvm
