#pragma once

#include <string>
#include <string_view>

namespace dkvm::x11 {

// UTF-8 as ISO 8859-1, which texts of the type STRING are for window managers that know
// no other (ICCCM 2.7.1). What that has not becomes a question mark.
inline std::string latin1_of(std::string_view utf8) {
  std::string text;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    std::size_t length = 1;
    while (i + length < utf8.size() &&
           (static_cast<unsigned char>(utf8[i + length]) & 0xC0) == 0x80)
      ++length;
    if (byte < 0x80) {
      text += utf8[i];
      length = 1;
    } else if (length == 2 && (byte == 0xC2 || byte == 0xC3)) {
      const auto low = static_cast<unsigned char>(utf8[i + 1]);
      text += static_cast<char>((byte & 0x03) << 6 | (low & 0x3F));
    } else {
      text += '?';
    }
    i += length;
  }
  return text;
}

}  // namespace dkvm::x11
