#include "devices/dummy/jsonl.hpp"

#include <dkvm/codes.hpp>
#include <dkvm/limits.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace dkvm::dummy {
namespace {

template <class Number>
void append_number(std::string& out, Number value) {
  std::array<char, 32> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end);
}

// Shortest text that reads back as the same number; -0 is 0.
void append_number(std::string& out, double value) {
  std::array<char, 32> digits;
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), value + 0.0);
  out.append(digits.data(), end);
}

// Seconds without trailing zeros: 0, 1.5, 0.000125.
void append_seconds(std::string& out, std::uint64_t time_ns) {
  append_number(out, time_ns / 1'000'000'000);
  std::uint64_t rest = time_ns % 1'000'000'000;
  if (rest == 0) return;
  std::array<char, 10> digits = {'.'};
  for (std::size_t i = 9; i > 0; --i, rest /= 10) digits[i] = static_cast<char>('0' + rest % 10);
  std::size_t count = digits.size();
  while (digits[count - 1] == '0') --count;
  out.append(digits.data(), count);
}

void append_code(std::string& out, std::uint16_t code) {
  const std::string_view name = code_name(code);
  if (name.empty()) return append_number(out, code);
  out += '"';
  out += name;
  out += '"';
}

template <class Number>
void append_pair(std::string& out, Number x, Number y) {
  out += '[';
  append_number(out, x);
  out += ',';
  append_number(out, y);
  out += ']';
}

// Bytes of the UTF-8 sequence that `text` begins with; 0 when it is none.
std::size_t utf8_sequence_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t bytes = first < 0x80   ? 1
                            : first < 0xC2 ? 0
                            : first < 0xE0 ? 2
                            : first < 0xF0 ? 3
                            : first < 0xF5 ? 4
                                           : 0;
  if (bytes > text.size()) return 0;
  for (std::size_t i = 1; i < bytes; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool surrogate = first == 0xED && byte(1) > 0x9F;
  const bool beyond = first == 0xF4 && byte(1) > 0x8F;
  return bytes > 1 && (overlong || surrogate || beyond) ? 0 : bytes;
}

// The letter of the escape that JSON has for a character; 0 when it has none.
char escape_letter(char character) {
  switch (character) {
    case '"':
    case '\\': return character;
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    default: return 0;
  }
}

void append_text(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const std::size_t bytes = utf8_sequence_bytes(text);
    const char first = text.front();
    if (bytes == 0) {
      out += "\xEF\xBF\xBD";  // U+FFFD
    } else if (const char letter = escape_letter(first); letter != 0) {
      out += '\\';
      out += letter;
    } else if (static_cast<unsigned char>(first) < 0x20) {
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(first) >> 4];
      out += kHex[static_cast<unsigned char>(first) & 15];
    } else {
      out += text.substr(0, bytes);
    }
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  out += '"';
}

void append_down(std::string& out, bool down) {
  out += down ? ",\"down\":true" : ",\"down\":false";
}

// kInputCodesMax or more is a code that cannot exist; 0 for events without one.
std::uint16_t code_of(const Record& record) {
  if (const auto* pressed = std::get_if<Key>(&record.event)) return pressed->code;
  if (const auto* pressed = std::get_if<PointerButton>(&record.event)) return pressed->code;
  return 0;
}

struct AppendEvent {
  std::string& out;

  void operator()(const Key& event) const {
    const std::size_t line = out.rfind('\n') + 1;  // npos + 1 is 0
    out += ",\"key\":";
    append_code(out, event.code);
    append_down(out, event.down);
    if (event.text.empty()) return;
    const std::size_t without_text = out.size();
    out += ",\"text\":";
    append_text(out, event.text);
    if (out.size() - line >= kLineBytesMax) out.resize(without_text);
  }
  void operator()(const PointerMotion& event) const {
    out += event.absolute ? ",\"position\":" : ",\"motion\":";
    append_pair(out, event.x, event.y);
    if (!event.absolute) return;
    out += ",\"size\":";
    append_pair(out, event.width, event.height);
  }
  void operator()(const PointerButton& event) const {
    out += ",\"button\":";
    append_code(out, event.code);
    append_down(out, event.down);
  }
  void operator()(const PointerScroll& event) const {
    out += ",\"scroll\":";
    append_pair(out, event.x, event.y);
  }
};

}  // namespace

std::string seconds_text(std::uint64_t time_ns) {
  std::string text;
  append_seconds(text, time_ns);
  return text;
}

Result<> append_line(std::string& out, const Record& record) {
  const auto* motion = std::get_if<PointerMotion>(&record.event);
  if (motion != nullptr && !(std::isfinite(motion->x) && std::isfinite(motion->y)))
    return fail(Errc::invalid, "a motion is no number, expected a finite x and y");
  if (code_of(record) >= kInputCodesMax)
    return fail(Errc::invalid, "the code " + std::to_string(code_of(record)) +
                                   " of a key or button cannot exist, expected one from 0 to " +
                                   std::to_string(kInputCodesMax - 1));
  out += "{\"t\":";
  append_seconds(out, record.time_ns);
  std::visit(AppendEvent{out}, record.event);
  out += "}\n";
  return {};
}

}  // namespace dkvm::dummy
