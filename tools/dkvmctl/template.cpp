#include "tools/dkvmctl/template.hpp"

namespace dkvm::ctl {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
char upper(char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

std::string filled(std::string_view text, const std::map<std::string, std::string>& values) {
  std::string made;
  while (!text.empty()) {
    const std::size_t begin = text.find('@');
    made += text.substr(0, begin);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const std::size_t end = text.find('@', 1);
    const auto value = end == std::string_view::npos
                           ? values.end()
                           : values.find(std::string(text.substr(1, end - 1)));
    made += value == values.end() ? "@" : value->second;
    text.remove_prefix(value == values.end() ? 1 : end + 1);
  }
  return made;
}

std::string class_name_of(std::string_view name) {
  std::string made;
  bool begins = true;
  for (const char c : name) {
    const bool letter = is_lower(c) || is_digit(c);
    if (letter) made += begins ? upper(c) : c;
    begins = !letter;
  }
  // No name of C++ begins with a digit, and this one is the SDK's.
  if (made.empty() || is_digit(made.front()) || made == "Device") made.insert(0, "My");
  return made;
}

}  // namespace dkvm::ctl
