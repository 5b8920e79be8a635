#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dkvm {

// A record's severity, with sd-daemon's numbers: `<4>text` on a device's stderr is a
// warning. (dkvm::LogLevel is what the SDK offers to a device.)
enum class RecordLevel : std::uint8_t {
  emergency = 0,
  alert = 1,
  critical = 2,
  error = 3,
  warning = 4,
  notice = 5,
  info = 6,
  debug = 7,
};

// One vocabulary, in the YAML, in options and in the log itself: `warning`.
std::string_view name(RecordLevel level);

// The inverse.
std::optional<RecordLevel> parse_log_level(std::string_view text);

// True when a record of `level` passes a filter that shows up to `shown`.
constexpr bool passes(RecordLevel level, RecordLevel shown) { return level <= shown; }

}  // namespace dkvm
