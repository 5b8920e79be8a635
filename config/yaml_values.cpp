#include "config/yaml_values.hpp"

#include "config/suggest.hpp"
#include "config/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace dkvm::detail {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr std::size_t kExampleBytesMax = 40;  // of a value in a message

bool all_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

// [-+]?[0-9]+, 0o[0-7]+ or 0x[0-9a-fA-F]+
bool looks_like_integer(std::string_view text) {
  if (text.starts_with("0o")) return all_of(text.substr(2), "01234567");
  if (text.starts_with("0x")) return all_of(text.substr(2), "0123456789abcdefABCDEF");
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return all_of(text, "0123456789");
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_endless(std::string_view text) {
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return true;
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return is_one_of(text, {".inf", ".Inf", ".INF"});
}

template <class Number, class... Base>
std::optional<Json> parsed(std::string_view digits, Base... base) {
  Number value{};
  const auto [end, code] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base...);
  if (code != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return Json(value);
}

std::optional<Json> integer_value(std::string_view text) {
  int base = 10;
  if (text.starts_with("0o")) base = 8;
  if (text.starts_with("0x")) base = 16;
  if (base != 10) text.remove_prefix(2);
  if (text.starts_with('+')) text.remove_prefix(1);
  if (auto value = parsed<std::int64_t>(text, base)) return value;
  return parsed<std::uint64_t>(text, base);
}

std::optional<Json> number_value(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return parsed<double>(text);
}

// A hint for those who know YAML 1.1.
std::string_view boolean_hint(std::string_view text) {
  if (is_one_of(text, {"yes", "Yes", "YES", "on", "On", "ON", "y", "Y"}))
    return " (did you mean true?)";
  if (is_one_of(text, {"no", "No", "NO", "off", "Off", "OFF", "n", "N"}))
    return " (did you mean false?)";
  return "";
}

// A hint for those who put numbers in quotes.
std::string_view quotes_hint(const YamlNode& node) {
  const bool is_quoted = node.is_scalar() && !node.plain && looks_like_number(node.text);
  return is_quoted ? " without quotes" : "";
}

std::string escaped_pointer(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

// Turns a tree into JSON and notes where everything stands.
class JsonBuilder {
 public:
  JsonBuilder(LocatedJson& out, ErrorList& errors) : out_(out), errors_(errors) {}

  Json convert(const YamlNode& node, const std::string& pointer, const Location& key_at) {
    out_.places[pointer] = {key_at, node.at};
    switch (node.kind) {
      case YamlNode::Kind::null: return nullptr;
      case YamlNode::Kind::scalar: return scalar(node);
      case YamlNode::Kind::sequence: {
        Json list = Json::array();
        for (std::size_t i = 0; i < node.items.size(); ++i)
          list.push_back(
              convert(node.items[i], fmt::format("{}/{}", pointer, i), node.items[i].at));
        return list;
      }
      case YamlNode::Kind::map: {
        Json map = Json::object();
        for (const YamlEntry& entry : node.entries)
          map[entry.key] =
              convert(entry.value, pointer + '/' + escaped_pointer(entry.key), entry.key_at);
        return map;
      }
    }
    return nullptr;
  }

 private:
  Json scalar(const YamlNode& node) {
    if (auto value = core_value(node)) return std::move(*value);
    errors_.add(node.at,
                fmt::format("the number {} is out of range, expected one that fits 64 bits "
                            "(in quotes it is text)",
                            in_quotes(node.text)));
    return nullptr;
  }

  LocatedJson& out_;
  ErrorList& errors_;
};

std::string number_range(double min, double max) { return fmt::format("from {} to {}", min, max); }

std::string duration_text(milliseconds time) {
  const auto count = time.count();
  if (count != 0 && count % 3'600'000 == 0) return fmt::format("{}h", count / 3'600'000);
  if (count != 0 && count % 60'000 == 0) return fmt::format("{}m", count / 60'000);
  if (count != 0 && count % 1000 == 0) return fmt::format("{}s", count / 1000);
  return fmt::format("{}ms", count);
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes != 0 && bytes % 1024 == 0 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  return fmt::format("{}{}", bytes, kUnits[unit]);
}

}  // namespace

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool looks_like_number(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos) {
    std::string_view power = text.substr(exponent + 1);
    if (power.starts_with('-') || power.starts_with('+')) power.remove_prefix(1);
    if (!all_of(power, kDigits)) return false;
    text = text.substr(0, exponent);
  }
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) return all_of(text, kDigits);
  const std::string_view before = text.substr(0, point), after = text.substr(point + 1);
  return (before.empty() || all_of(before, kDigits)) && (after.empty() || all_of(after, kDigits)) &&
         !(before.empty() && after.empty());
}

std::optional<Json> core_value(const YamlNode& scalar) {
  const std::string& text = scalar.text;
  if (!scalar.plain) return Json(text);
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return Json(nullptr);
  if (is_one_of(text, {"true", "True", "TRUE"})) return Json(true);
  if (is_one_of(text, {"false", "False", "FALSE"})) return Json(false);
  if (looks_like_integer(text)) return integer_value(text);
  if (looks_like_number(text)) return number_value(text);
  if (is_endless(text)) return std::nullopt;
  return Json(text);
}

void Values::wrong(const YamlNode& node, std::string_view what, std::string_view expected) const {
  errors.add(node.at, fmt::format("'{}' is {}, {}", what, describe(node), expected));
}

std::optional<std::string> Values::text(const YamlNode& node, std::string_view what) const {
  const auto value = node.is_scalar() ? core_value(node) : std::nullopt;
  if (value && value->is_string()) {
    if (node.text.size() <= kTextBytesMax) return node.text;
    wrong(node, what, fmt::format("expected at most {} bytes", kTextBytesMax));
  } else if (node.is_scalar()) {
    wrong(node, what,
          node.text.size() > kExampleBytesMax
              ? "expected text, in quotes"
              : fmt::format("expected text (in quotes it is text: \"{}\")", node.text));
  } else {
    wrong(node, what, "expected text");
  }
  return std::nullopt;
}

std::optional<std::string> Values::word(const YamlNode& node, std::string_view what) const {
  if (!node.is_scalar()) {
    wrong(node, what, "expected text");
  } else if (node.text.size() > kTextBytesMax) {
    wrong(node, what, fmt::format("expected at most {} bytes", kTextBytesMax));
  } else {
    return node.text;
  }
  return std::nullopt;
}

std::optional<std::string> Values::name(const YamlNode& node, std::string_view what) const {
  auto value = text(node, what);
  if (!value) return std::nullopt;
  const auto complaint = name_complaint(*value);
  if (!complaint) return value;
  errors.add(node.at, fmt::format("the {} {} {}", what, in_quotes(*value), *complaint));
  return std::nullopt;
}

std::optional<bool> Values::boolean(const YamlNode& node, std::string_view what) const {
  const auto value = node.is_scalar() ? core_value(node) : std::nullopt;
  if (value && value->is_boolean()) return value->get<bool>();
  const bool is_quoted = node.is_scalar() && is_one_of(node.text, {"true", "false"});
  wrong(node, what,
        fmt::format("expected true or false{}",
                    is_quoted ? " without quotes" : boolean_hint(node.text)));
  return std::nullopt;
}

std::optional<std::int64_t> Values::integer(const YamlNode& node, std::string_view what,
                                            std::int64_t min, std::int64_t max) const {
  const auto value = node.is_scalar() ? core_value(node) : std::nullopt;
  const bool fits = value && value->is_number_integer() &&
                    !(value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX);
  if (fits && value->get<std::int64_t>() >= min && value->get<std::int64_t>() <= max)
    return value->get<std::int64_t>();
  wrong(node, what,
        fmt::format("expected a whole number from {} to {}{}", min, max, quotes_hint(node)));
  return std::nullopt;
}

std::optional<double> Values::number(const YamlNode& node, std::string_view what, double min,
                                     double max) const {
  const auto value = node.is_scalar() ? core_value(node) : std::nullopt;
  if (value && value->is_number() && value->get<double>() >= min && value->get<double>() <= max)
    return value->get<double>();
  wrong(node, what,
        fmt::format("expected a number {}{}", number_range(min, max), quotes_hint(node)));
  return std::nullopt;
}

std::optional<double> Values::percent(const YamlNode& node, std::string_view what) const {
  const auto value =
      parse_percent(node.is_scalar() ? std::string_view(node.text) : std::string_view());
  if (value) return *value;
  wrong(node, what, value.error().message());
  return std::nullopt;
}

std::optional<milliseconds> Values::duration(const YamlNode& node, std::string_view what,
                                             milliseconds min, milliseconds max) const {
  const auto value =
      parse_duration(node.is_scalar() ? std::string_view(node.text) : std::string_view());
  if (value && *value >= min && *value <= max) return *value;
  wrong(node, what,
        value ? fmt::format("expected a duration from {} to {}", duration_text(min),
                            duration_text(max))
              : value.error().message());
  return std::nullopt;
}

std::optional<std::uint64_t> Values::bytes(const YamlNode& node, std::string_view what,
                                           std::uint64_t min, std::uint64_t max) const {
  const auto value =
      parse_bytes(node.is_scalar() ? std::string_view(node.text) : std::string_view());
  if (value && *value >= min && *value <= max) return *value;
  wrong(node, what,
        value ? fmt::format("expected a size from {} to {}", bytes_text(min), bytes_text(max))
              : value.error().message());
  return std::nullopt;
}

std::optional<std::uint64_t> Values::byte_rate(const YamlNode& node, std::string_view what,
                                               std::uint64_t min, std::uint64_t max) const {
  const auto value =
      parse_byte_rate(node.is_scalar() ? std::string_view(node.text) : std::string_view());
  if (value && *value >= min && *value <= max) return *value;
  wrong(node, what,
        value ? fmt::format("expected from {}/s to {}/s", bytes_text(min), bytes_text(max))
              : value.error().message());
  return std::nullopt;
}

std::optional<std::size_t> Values::choice(const YamlNode& node, std::string_view what,
                                          std::span<const std::string_view> choices) const {
  const std::string_view text = node.is_scalar() ? std::string_view(node.text) : std::string_view();
  const auto found = std::find(choices.begin(), choices.end(), text);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  wrong(node, what, fmt::format("expected {}{}", one_of(choices), did_you_mean(text, choices)));
  return std::nullopt;
}

LocatedJson Values::json(const YamlNode& node) const {
  LocatedJson out;
  out.at = node.at;
  out.value = JsonBuilder(out, errors).convert(node, "", node.at);
  return out;
}

}  // namespace dkvm::detail
