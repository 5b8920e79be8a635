#include "kernel/log/level.hpp"

#include <array>
#include <cstddef>

namespace dkvm {
namespace {

constexpr std::array<std::string_view, 8> kShort{"emerg", "alert", "crit", "error",
                                                 "warn",  "note",  "info", "debug"};
constexpr std::array<std::string_view, 8> kLong{"emergency", "alert",  "critical", "err",
                                                "warning",   "notice", "info",     "debug"};

}  // namespace

std::string_view name(RecordLevel level) { return kShort[static_cast<std::size_t>(level) & 7]; }

std::optional<RecordLevel> parse_log_level(std::string_view text) {
  for (std::size_t i = 0; i < kShort.size(); ++i)
    if (text == kShort[i] || text == kLong[i]) return static_cast<RecordLevel>(i);
  return std::nullopt;
}

}  // namespace dkvm
