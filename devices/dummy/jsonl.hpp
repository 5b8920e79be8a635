#pragma once

#include <dkvm/events.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

// Input events as JSON Lines, one event a line:
//
//   {"t":0,"key":"KEY_A","down":true,"text":"a"}
//   {"t":0.001234,"motion":[3,-1]}
//   {"t":0.0025,"position":[640,360],"size":[1280,720]}
//   {"t":1,"button":"BTN_LEFT","down":true}
//   {"t":1.5,"scroll":[0,120]}
//
// t is in seconds, exact to the nanosecond. Codes may be numbers below
// kInputCodesMax.
// Source: docs/dummy-devices.md
namespace dkvm::dummy {

inline constexpr std::size_t kLineBytesMax = 64 * 1024;
inline constexpr std::uint64_t kTimeNsMax = 1'000'000'000'000'000'000;  // 31 years

struct Record {
  std::uint64_t time_ns = 0;  // since the beginning of the file
  std::variant<Key, PointerMotion, PointerButton, PointerScroll> event;
};

// Reads one line, without its newline.
// Errors: Errc::invalid, saying what is wrong and what was expected.
Result<Record> parse_line(std::string_view line);

// Appends one line with its newline, in the one form that every record has:
// what is parsed from it and appended again is the same bytes. A text that is
// no UTF-8 is mended, one that makes the line too long is left out.
// Errors: Errc::invalid, and nothing appended, for a motion that is no number
//         and for a code that cannot exist.
Result<> append_line(std::string& out, const Record& record);

// As the lines write a time: seconds without trailing zeros.
std::string seconds_text(std::uint64_t time_ns);

// True for what append_line() leaves behind when it is cut short at any byte.
// Nothing else passes: text, other JSON, a line spaced by hand.
bool is_cut_line(std::string_view text);

}  // namespace dkvm::dummy
