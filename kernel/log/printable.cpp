#include <cstddef>

#include "kernel/log/lines.hpp"

namespace dkvm {
namespace {

unsigned byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

bool continues(std::string_view text, std::size_t i) {
  return i < text.size() && (byte_at(text, i) & 0xC0) == 0x80;
}

// Length of the UTF-8 sequence at `i`, 0 when it is none (too long forms,
// surrogates and what lies beyond U+10FFFF are none).
std::size_t sequence_bytes(std::string_view text, std::size_t i) {
  const unsigned first = byte_at(text, i);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  if (first >= 0xC2 && first <= 0xDF) length = 2;
  if (first >= 0xE0 && first <= 0xEF) length = 3;
  if (first >= 0xF0 && first <= 0xF4) length = 4;
  for (std::size_t k = 1; k < length; ++k)
    if (!continues(text, i + k)) return 0;
  if (length < 3) return length;
  const unsigned second = byte_at(text, i + 1);
  const bool wrong = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                     (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return wrong ? 0 : length;
}

// Controls that a terminal would obey: C0 but the tab, DEL, and C1 (U+0080 to U+009F).
bool controls(std::string_view text, std::size_t i, std::size_t length) {
  const unsigned first = byte_at(text, i);
  if (length == 1) return (first < 0x20 && first != '\t') || first == 0x7F;
  return length == 2 && first == 0xC2 && byte_at(text, i + 1) < 0xA0;
}

void escape(std::string& out, unsigned code) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\x";
  out += digits[code >> 4];
  out += digits[code & 15];
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = sequence_bytes(text, i);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      ++i;
      continue;
    }
    if (controls(text, i, length))
      escape(out, byte_at(text, i + length - 1));
    else
      out += text.substr(i, length);
    i += length;
  }
  return out;
}

}  // namespace dkvm
