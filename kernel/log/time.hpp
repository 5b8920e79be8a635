#pragma once

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdint>
#include <ctime>
#include <string>

namespace dkvm {

// A time of day as people and programs read it: 2026-11-20T09:00:00.123Z.
inline std::string format_time(std::int64_t wall_ns) {
  constexpr std::int64_t kNsPerS = 1'000'000'000;
  const std::time_t seconds = wall_ns / kNsPerS;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds),
                     wall_ns % kNsPerS / 1'000'000);
}

}  // namespace dkvm
