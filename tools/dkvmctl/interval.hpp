#pragma once

#include "tools/dkvmctl/format.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace dkvm::ctl {

inline constexpr std::chrono::milliseconds kIntervalMin{50};
inline constexpr std::chrono::milliseconds kIntervalMax{3'600'000};

// Adds --interval: the time over which rates are taken.
// Life: `interval` outlives the parsing; it then is what parse_timeout() reads.
inline void add_interval_option(CLI::App& command, std::string& interval) {
  command.add_option("-i,--interval", interval, "the time that rates are taken over")
      ->check([](const std::string& text) -> std::string {
        const auto time = parse_timeout(text);
        if (time && *time >= kIntervalMin && *time <= kIntervalMax) return {};
        return "'" + text + "' is not a duration such as 1s, at least 50ms and at most 1h";
      })
      ->type_name("TIME")
      ->capture_default_str();
}

}  // namespace dkvm::ctl
