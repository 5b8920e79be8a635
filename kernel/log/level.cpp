#include "kernel/log/level.hpp"

#include <array>
#include <cstddef>

namespace dkvm {
namespace {

constexpr std::array<std::string_view, 8> kNames{"emergency", "alert",  "critical", "error",
                                                 "warning",   "notice", "info",     "debug"};

}  // namespace

std::string_view name(RecordLevel level) { return kNames[static_cast<std::size_t>(level) & 7]; }

std::optional<RecordLevel> parse_log_level(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (text == kNames[i]) return static_cast<RecordLevel>(i);
  return std::nullopt;
}

}  // namespace dkvm
