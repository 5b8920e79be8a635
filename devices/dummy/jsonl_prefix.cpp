#include "devices/dummy/jsonl.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace dkvm::dummy {
namespace {

// The lines that append_line() writes. # is a number, @ a code, ? true or
// false, $ the inside of a JSON string; everything else stands for itself.
constexpr std::array<std::string_view, 6> kForms = {
    R"({"t":#,"key":@,"down":?})",
    R"({"t":#,"key":@,"down":?,"text":"$"})",
    R"({"t":#,"button":@,"down":?})",
    R"({"t":#,"motion":[#,#]})",
    R"({"t":#,"position":[#,#],"size":[#,#]})",
    R"({"t":#,"scroll":[#,#]})",
};

// Bytes at the start of text that are of the given ones.
std::size_t run_of(std::string_view text, std::string_view of) {
  return std::min(text.find_first_not_of(of), text.size());
}

std::size_t code_bytes(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  if (!text.starts_with('"')) return run_of(text, kDigits);
  const std::size_t name = run_of(text.substr(1), "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
  const std::size_t end = 1 + name;
  return end < text.size() && text[end] == '"' ? end + 1 : end;
}

std::size_t word_bytes(std::string_view text) {
  for (const std::string_view word : {"true", "false"}) {
    const std::size_t bytes = std::min(word.size(), text.size());
    if (text.substr(0, bytes) == word.substr(0, bytes)) return bytes;
  }
  return 0;
}

std::size_t string_bytes(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && text[end] != '"' && static_cast<unsigned char>(text[end]) >= 0x20)
    end = std::min(end + (text[end] == '\\' ? 2u : 1u), text.size());
  return end;
}

// True when the text ends within the form and is right up to there.
bool begins(std::string_view text, std::string_view form) {
  for (const char part : form) {
    if (text.empty()) return true;
    const std::size_t bytes = part == '#'   ? run_of(text, "0123456789.e+-")
                              : part == '@' ? code_bytes(text)
                              : part == '?' ? word_bytes(text)
                              : part == '$' ? string_bytes(text)
                                            : std::size_t{text.front() == part};
    if (bytes == 0 && part != '$') return false;
    text.remove_prefix(bytes);
  }
  return text.empty();
}

}  // namespace

bool is_cut_line(std::string_view text) {
  return text.size() < kLineBytesMax &&
         std::any_of(kForms.begin(), kForms.end(), [&](auto form) { return begins(text, form); });
}

}  // namespace dkvm::dummy
