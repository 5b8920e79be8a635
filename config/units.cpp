#include "config/units.hpp"

#include "config/suggest.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <string>
#include <utility>

namespace dkvm {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array kDurationUnits = {Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000},
                                       Unit{"h", 3'600'000}};
constexpr std::array kByteUnits = {Unit{"B", 1},
                                   Unit{"kB", 1e3},
                                   Unit{"KB", 1e3},
                                   Unit{"MB", 1e6},
                                   Unit{"GB", 1e9},
                                   Unit{"TB", 1e12},
                                   Unit{"KiB", 1024},
                                   Unit{"MiB", 1048576},
                                   Unit{"GiB", 1.0 * (1 << 30)},
                                   Unit{"TiB", 1024.0 * (1 << 30)}};

// What a quantity is called and what it may look like, for its errors.
struct Wanted {
  std::string_view what;
  std::string_view units;
};

constexpr Wanted kDuration{"a duration such as 250ms or 1.5s", "ms, s, m or h"};
constexpr Wanted kBytes{"a size such as 64KiB or 10MB", "B, kB, MB, GB, TB, KiB, MiB, GiB or TiB"};
constexpr double kWholeMax = 9'007'199'254'740'992.0;  // 2^53: exact in a double

// The number in front and what follows it.
Result<std::pair<double, std::string_view>> split(std::string_view text, Wanted wanted) {
  double number = 0;
  const auto [end, code] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  const bool starts_well = !text.empty() && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
  if (code != std::errc() || !starts_well || !std::isfinite(number))
    return fail(Errc::invalid, fmt::format("expected {}", wanted.what));
  if (number < 0) return fail(Errc::invalid, fmt::format("expected {}, not below 0", wanted.what));
  return std::pair(number, text.substr(static_cast<std::size_t>(end - text.data())));
}

// In the smallest unit, rounded.
Result<double> quantity(std::string_view text, std::span<const Unit> units, Wanted wanted) {
  DKVM_TRY(const auto parts, split(text, wanted));
  const auto [number, rest] = parts;
  if (rest.empty() && number == 0) return 0.0;
  if (rest.empty())
    return fail(Errc::invalid,
                fmt::format("expected {}: a unit is missing ({})", wanted.what, wanted.units));
  for (const Unit& unit : units) {
    if (rest != unit.name) continue;
    const double value = std::round(number * unit.factor);
    if (value > kWholeMax)
      return fail(Errc::invalid, fmt::format("expected {}: it is too large", wanted.what));
    return value;
  }
  return fail(Errc::invalid, fmt::format("expected {}: the unit {} is not one of {}", wanted.what,
                                         detail::in_quotes(rest), wanted.units));
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  DKVM_TRY(const double milliseconds, quantity(text, kDurationUnits, kDuration));
  return std::chrono::milliseconds(static_cast<std::int64_t>(milliseconds));
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  DKVM_TRY(const double bytes, quantity(text, kByteUnits, kBytes));
  return static_cast<std::uint64_t>(bytes);
}

Result<std::uint64_t> parse_byte_rate(std::string_view text) {
  const auto bytes = text.ends_with("/s") ? parse_bytes(text.substr(0, text.size() - 2))
                                          : Result<std::uint64_t>(fail(Errc::invalid, ""));
  if (!bytes) return fail(Errc::invalid, "expected bytes a second such as 64KiB/s");
  return *bytes;
}

Result<double> parse_percent(std::string_view text) {
  constexpr Wanted kPercent{"a percentage such as 20%", "%"};
  DKVM_TRY(const auto parts, split(text, kPercent));
  if (parts.second != "%" || parts.first > 100)
    return fail(Errc::invalid, "expected a percentage from 0% to 100%, such as 20%");
  return parts.first / 100;
}

}  // namespace dkvm
