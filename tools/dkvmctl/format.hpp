#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Quantities and texts as a person reads them.
namespace dkvm::ctl {

using Time = std::chrono::sys_time<std::chrono::microseconds>;

std::string count_text(std::uint64_t count);  // 1,234,567
std::string bytes_text(std::uint64_t bytes);  // 12.3 MiB
std::string rate_text(double per_second);     // 0, 0.4, 12, 1,234
std::string share_text(double share);         // of a processor: 0.3 %
std::string micros_text(double micros);       // 85 µs, 1.2 ms, 3.4 s
std::string duration_text(double seconds);    // 12s, 3m 5s, 2h 10m, 4d 3h
std::string cpu_text(double seconds);         // 0.12s, then as duration_text

// `2026-01-02T03:04:05.123Z`, also with an offset such as +02:00.
std::optional<Time> parse_time(std::string_view iso);

std::string ago_text(Time time, Time now);  // 12s ago
std::string local_date_text(Time time);     // 2026-01-02 03:04:05.123
std::string local_clock_text(Time time);    // 03:04:05.123

// A timeout as it is typed: `5`, `2.5` (seconds), `250ms`, `1m`.
std::optional<std::chrono::milliseconds> parse_timeout(std::string_view text);

// The text with everything escaped that could steer a terminal: texts come
// from devices.
std::string printable(std::string_view text);

// Columns on a terminal, taking one for each character.
std::size_t width_of(std::string_view text);

}  // namespace dkvm::ctl
