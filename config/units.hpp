#pragma once

#include <dkvm/result.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

// Quantities as people write them: a number with its unit.
namespace dkvm {

// `250ms`, `1.5s`, `2m`, `1h`; a bare number is refused, except 0.
// Errors: Errc::invalid, saying what was expected.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

// `512B`, `64KiB`, `10MB`, `1.5GiB`; a bare number is refused, except 0.
// Errors: Errc::invalid, saying what was expected.
Result<std::uint64_t> parse_bytes(std::string_view text);

// `64KiB/s`, in bytes a second.
// Errors: Errc::invalid, saying what was expected.
Result<std::uint64_t> parse_byte_rate(std::string_view text);

// `20%` as 0.2.
// Errors: Errc::invalid, saying what was expected.
Result<double> parse_percent(std::string_view text);

}  // namespace dkvm
