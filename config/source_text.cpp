#include "config/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace dkvm::detail {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";

std::uint8_t byte_of(char c) { return static_cast<std::uint8_t>(c); }

bool is_continuation(char c) { return (byte_of(c) & 0xC0) == 0x80; }

bool is_utf16(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) return true;
  // Without a mark: every other byte of ASCII text is NUL.
  return bytes.size() >= 4 && ((bytes[0] == 0 && bytes[1] != 0 && bytes[2] == 0) ||
                               (bytes[0] != 0 && bytes[1] == 0 && bytes[3] == 0));
}

// Bytes of the UTF-8 character that text begins with; 0 when it is none.
std::size_t character_bytes(std::string_view text) {
  const std::uint8_t first = byte_of(text[0]);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if (!is_continuation(text[i])) return 0;
  const std::uint8_t second = byte_of(text[1]);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second > 0x9F;
  const bool too_large = first == 0xF4 && second > 0x8F;
  return overlong || surrogate || too_large ? 0 : size;
}

// Walks the text once, character by character.
class Cleaner {
 public:
  Cleaner(std::string_view bytes, const FileName& file) : rest_(bytes), at_{file, 1, 1} {}

  // The error, if there is one.
  std::optional<ConfigError> run() {
    while (!rest_.empty())
      if (auto message = step()) return ConfigError{at_, std::move(*message)};
    if (!out_.ends_with('\n')) out_ += '\n';
    return std::nullopt;
  }

  std::string take() { return std::move(out_); }

 private:
  std::optional<std::string> step() {
    const std::size_t size = character_bytes(rest_);
    const char c = rest_[0];
    if (size == 0)
      return fmt::format("the byte 0x{:02X} is no UTF-8, expected text in UTF-8", byte_of(c));
    if (rest_.starts_with("\r\n")) {
      rest_.remove_prefix(1);
      return std::nullopt;
    }
    if (c == '\r') return "a carriage return alone, expected lines that end with LF or CR LF";
    if ((byte_of(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F)
      return fmt::format("the control character 0x{:02X}, expected text", byte_of(c));
    out_.append(rest_.substr(0, size));
    rest_.remove_prefix(size);
    ++at_.column;
    if (c == '\n') at_ = {at_.file, at_.line + 1, 1};
    return std::nullopt;
  }

  std::string_view rest_;
  Location at_;
  std::string out_;
};

}  // namespace

SourceText::SourceText(std::string text, FileName file)
    : text_(std::move(text)), file_(std::move(file)), line_starts_{0} {
  for (std::size_t i = 0; i + 1 < text_.size(); ++i)
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
}

Location SourceText::locate(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const auto line = std::prev(next);
  const std::string_view before = std::string_view(text_).substr(*line, offset - *line);
  const auto characters =
      std::count_if(before.begin(), before.end(), [](char c) { return !is_continuation(c); });
  return {file_, static_cast<int>(next - line_starts_.begin()), static_cast<int>(characters) + 1};
}

Location SourceText::locate(int line, int column) const {
  if (line < 0 || column < 0) return {file_, 1, 1};
  const auto index = static_cast<std::size_t>(line);
  if (index >= line_starts_.size()) return {file_, line + 1, column + 1};
  return locate(line_starts_[index] + static_cast<std::size_t>(column));
}

std::size_t SourceText::offset(const Location& at) const {
  const auto line = static_cast<std::size_t>(at.line - 1);
  if (at.line < 1 || line >= line_starts_.size()) return text_.size();
  std::size_t offset = line_starts_[line];
  for (int column = 1; column < at.column && offset < text_.size(); ++column) {
    ++offset;
    while (offset < text_.size() && is_continuation(text_[offset])) ++offset;
  }
  return offset;
}

std::string_view SourceText::from(const Location& at) const {
  return std::string_view(text_).substr(offset(at));
}

std::string_view SourceText::line(int line) const {
  const std::string_view rest = from({file_, line, 1});
  return rest.substr(0, rest.find('\n'));
}

std::optional<SourceText> clean_text(std::string_view bytes, const FileName& file,
                                     ErrorList& errors) {
  if (is_utf16(bytes)) {
    errors.add({file, 1, 1}, "the file is in UTF-16, expected UTF-8: save it as UTF-8");
    return std::nullopt;
  }
  if (bytes.starts_with(kBom)) bytes.remove_prefix(kBom.size());
  Cleaner cleaner(bytes, file);
  if (auto error = cleaner.run()) {
    errors.add(std::move(error->at), std::move(error->message));
    return std::nullopt;
  }
  return SourceText(cleaner.take(), file);
}

}  // namespace dkvm::detail
