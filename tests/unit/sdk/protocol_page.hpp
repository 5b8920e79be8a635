#pragma once

#include <cctype>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// docs/protocol.md as tests read it.
namespace dkvm::test {

inline std::string protocol_page() {
  const std::string path = std::string(DKVM_SOURCE_DIR) + "/docs/protocol.md";
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The bytes of one line of a hex block; `#` begins a comment.
inline void append_hex(std::string_view line, std::vector<std::byte>& bytes) {
  std::string digits;
  for (const char c : line.substr(0, line.find('#'))) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0) continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<std::byte>(std::stoi(digits, nullptr, 16)));
    digits.clear();
  }
  if (!digits.empty()) throw std::runtime_error("half a byte in: " + std::string(line));
}

// Every block that begins with ```hex NAME, by name.
inline std::map<std::string, std::vector<std::byte>> hex_blocks(const std::string& page) {
  constexpr std::string_view kOpening = "```hex ";
  std::map<std::string, std::vector<std::byte>> blocks;
  std::vector<std::byte>* block = nullptr;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kOpening)) {
      block = &blocks[line.substr(kOpening.size())];
    } else if (line.starts_with("```")) {
      block = nullptr;
    } else if (block != nullptr) {
      append_hex(line, *block);
    }
  }
  return blocks;
}

// The inside of a hex block, as the page has it.
inline std::string to_hex_block(const std::vector<std::byte>& bytes) {
  constexpr std::size_t kBytesPerLine = 16;
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    char digits[3];
    std::snprintf(digits, sizeof(digits), "%02x", std::to_integer<unsigned>(bytes[i]));
    if (i % kBytesPerLine == 8) text += ' ';
    text += digits;
    text += i % kBytesPerLine == kBytesPerLine - 1 || i + 1 == bytes.size() ? '\n' : ' ';
  }
  return text;
}

}  // namespace dkvm::test
