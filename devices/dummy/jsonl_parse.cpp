#include "devices/dummy/jsonl.hpp"

#include <dkvm/codes.hpp>
#include <dkvm/limits.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <bitset>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace dkvm::dummy {
namespace {

using nlohmann::json;

enum Field : std::size_t {
  kTime,
  kKey,
  kButton,
  kDown,
  kText,
  kMotion,
  kPosition,
  kSize,
  kScroll,
  kFieldCount
};
using FieldSet = std::bitset<kFieldCount>;

struct FieldForm {
  std::string_view name;
  std::string_view expected;
};

constexpr std::array<FieldForm, kFieldCount> kForms = {{
    {"t", "seconds from 0 to 1000000000"},
    {"key", "an evdev code such as \"KEY_A\", or its number from 0 to 767"},
    {"button", "an evdev code such as \"BTN_LEFT\", or its number from 0 to 767"},
    {"down", "true or false"},
    {"text", "a string"},
    {"motion", "[dx, dy]"},
    {"position", "[x, y]"},
    {"size", "[width, height] in whole pixels"},
    {"scroll", "[x, y] in whole 1/120 of a notch"},
}};

static_assert(kInputCodesMax == 768, "the forms above say so");

bool holds_pair(Field field) { return field >= kMotion; }
bool holds_code(Field field) { return field == kKey || field == kButton; }

std::string in_quotes(std::string_view text) {
  return std::string(1, '"').append(text).append(1, '"');
}
std::string in_quotes(Field field) { return in_quotes(kForms[field].name); }

// A decimal number of seconds in nanoseconds, digit by digit: a double would
// lose some. What is beyond the nanosecond is rounded.
std::uint64_t decimal_ns(std::string_view text) {
  constexpr int kDigits = 9;
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string_view fraction = text.substr(std::min(point + 1, text.size()));
  std::uint64_t ns = 0;
  const auto append = [&ns](char digit) {
    if (ns <= kTimeNsMax) ns = ns * 10 + static_cast<std::uint64_t>(digit - '0');
  };
  for (const char digit : text.substr(0, point)) append(digit);
  for (int i = 0; i < kDigits; ++i) {
    append(fraction.empty() ? '0' : fraction.front());
    if (!fraction.empty()) fraction.remove_prefix(1);
  }
  if (!fraction.empty() && fraction.front() >= '5') ++ns;
  return ns;
}

// Collects the fields of one line. Called by nlohmann's parser, without a tree
// and without an exception; a false answer stops it.
class Fields {
 public:
  FieldSet seen;
  std::uint64_t time_ns = 0;
  std::uint16_t code = 0;
  bool is_down = false;
  std::string text;
  std::array<std::array<double, 2>, kFieldCount> pairs{};
  std::string error;

  bool start_object(std::size_t) { return ++depth_ == 1 || wrong("an object"); }
  bool end_object() { return --depth_ == 0; }

  bool key(const std::string& name) {
    for (std::size_t i = 0; i < kFieldCount; ++i) {
      if (name != kForms[i].name) continue;
      field_ = static_cast<Field>(i);
      if (seen[i]) return refuse(in_quotes(field_) + " stands twice, expected it once");
      seen.set(i);
      return true;
    }
    return refuse("unknown field " + in_quotes(name) +
                  ", expected t, key, button, down, text, motion, position, size or scroll");
  }

  bool start_array(std::size_t) {
    if (depth_ != 1 || !holds_pair(field_)) return wrong("a list");
    ++depth_;
    count_ = 0;
    return true;
  }
  bool end_array() {
    --depth_;
    return count_ == 2 || wrong("a list of " + std::to_string(count_));
  }

  bool null() { return wrong("null"); }
  bool binary(json::binary_t&) { return wrong("binary data"); }
  bool boolean(bool value) {
    if (depth_ != 1 || field_ != kDown) return wrong(value ? "true" : "false");
    is_down = value;
    return true;
  }
  bool number_integer(json::number_integer_t value) {
    return depth_ == 2 ? add(static_cast<double>(value)) : wrong(std::to_string(value));
  }
  bool number_unsigned(json::number_unsigned_t value) {
    const std::string digits = std::to_string(value);
    if (depth_ == 2) return add(static_cast<double>(value));
    if (depth_ == 1 && field_ == kTime) return set_time(decimal_ns(digits), digits);
    if (depth_ != 1 || !holds_code(field_) || value >= kInputCodesMax) return wrong(digits);
    code = static_cast<std::uint16_t>(value);
    return true;
  }
  bool number_float(json::number_float_t value, const std::string& raw) {
    if (depth_ == 2) return add(value);
    if (depth_ != 1 || field_ != kTime || value < 0 || value > 2e9) return wrong(raw);
    if (raw.find_first_of("eE") == std::string::npos) return set_time(decimal_ns(raw), raw);
    return set_time(static_cast<std::uint64_t>(std::llround(value * 1e9)), raw);
  }
  bool string(std::string& value) {
    if (depth_ == 1 && field_ == kText) {
      text = std::move(value);
      return true;
    }
    const auto known = code_from_name(value);
    if (depth_ != 1 || !holds_code(field_) || !known) return wrong(in_quotes(value));
    code = *known;
    return true;
  }
  bool parse_error(std::size_t column, const std::string&, const json::exception&) {
    return refuse("no valid JSON at column " + std::to_string(column) +
                  ", expected one object a line");
  }

  bool refuse(std::string what) {
    error = std::move(what);
    return false;
  }
  bool wrong(const std::string& got) {
    if (depth_ == 0) return refuse(got + " is no event, expected an object");
    return refuse(in_quotes(field_) + " is " + got + ", expected " +
                  std::string(kForms[field_].expected));
  }

 private:
  bool add(double value) {
    const double least = field_ == kScroll ? std::numeric_limits<std::int32_t>::min() : 0;
    const double most = field_ == kScroll ? std::numeric_limits<std::int32_t>::max()
                                          : std::numeric_limits<std::uint32_t>::max();
    const bool whole = field_ == kScroll || field_ == kSize;
    if (whole && (value != std::floor(value) || value < least || value > most))
      return wrong("a list with " + json(value).dump());
    if (count_ == 2) return wrong("a list of more than 2");
    pairs[field_][count_++] = value;
    return true;
  }
  bool set_time(std::optional<std::uint64_t> ns, const std::string& got) {
    time_ns = ns.value_or(0);
    return (ns && *ns <= kTimeNsMax) || wrong(got);
  }

  Field field_ = kTime;
  int depth_ = 0;
  std::size_t count_ = 0;
};

// Which fields make an event of which kind; `optional` may be missing.
struct Kind {
  Field of;
  std::optional<Field> with;
  std::optional<Field> optional;
};

constexpr std::array<Kind, 5> kKinds = {{
    {kKey, kDown, kText},
    {kButton, kDown, std::nullopt},
    {kMotion, std::nullopt, std::nullopt},
    {kPosition, kSize, std::nullopt},
    {kScroll, std::nullopt, std::nullopt},
}};

Result<Kind> kind_of(const FieldSet& seen) {
  for (const Kind& kind : kKinds) {
    if (!seen[kind.of]) continue;
    FieldSet allowed;
    allowed.set(kTime).set(kind.of);
    if (kind.with) allowed.set(*kind.with);
    const FieldSet missing = allowed & ~seen;
    if (kind.optional) allowed.set(*kind.optional);
    for (std::size_t i = 0; i < kFieldCount; ++i) {
      const auto field = static_cast<Field>(i);
      if (missing[i])
        return fail(Errc::invalid,
                    in_quotes(field) + " is missing, expected " + std::string(kForms[i].expected));
      if (seen[i] && !allowed[i])
        return fail(Errc::invalid, in_quotes(field) + " does not go with " + in_quotes(kind.of) +
                                       ", expected one event a line");
    }
    return kind;
  }
  return fail(Errc::invalid, "no event, expected key, button, motion, position or scroll");
}

Record record_of(Fields&& fields, Field kind) {
  const auto& [x, y] = fields.pairs[kind];
  const auto& [width, height] = fields.pairs[kSize];
  Record record{fields.time_ns, {}};
  if (kind == kKey) {
    Key pressed = dkvm::key(fields.code, fields.is_down);
    pressed.text = std::move(fields.text);
    record.event = std::move(pressed);
  } else if (kind == kButton) {
    record.event = button(fields.code, fields.is_down);
  } else if (kind == kMotion) {
    record.event = motion_by(x, y);
  } else if (kind == kPosition) {
    record.event =
        motion_to(x, y, static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height));
  } else {
    record.event = scroll(static_cast<std::int32_t>(x), static_cast<std::int32_t>(y));
  }
  return record;
}

}  // namespace

Result<Record> parse_line(std::string_view line) {
  Fields fields;
  if (!json::sax_parse(line.begin(), line.end(), &fields))
    return fail(Errc::invalid, std::move(fields.error));
  DKVM_TRY(const Kind kind, kind_of(fields.seen));
  return record_of(std::move(fields), kind.of);
}

}  // namespace dkvm::dummy
