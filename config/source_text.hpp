#pragma once

#include "config/error_list.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm::detail {

using FileName = std::shared_ptr<const std::string>;

// The text of a file and the way between offsets (in bytes) and places (whose
// columns count characters).
class SourceText {
 public:
  // text is UTF-8 and ends with a line feed.
  SourceText(std::string text, FileName file);

  const std::string& text() const { return text_; }
  const FileName& file() const { return file_; }

  // Places beyond the end are the end.
  Location locate(std::size_t offset) const;
  // Both from 0 and the column in bytes, as the parser has them.
  Location locate(int line, int column) const;

  std::size_t offset(const Location& at) const;
  // The text from a place on.
  std::string_view from(const Location& at) const;
  // Without its line feed; lines count from 1.
  std::string_view line(int line) const;

 private:
  std::string text_;
  FileName file_;
  std::vector<std::size_t> line_starts_;
};

// The bytes of a file as text for the parser: UTF-8 without a byte order mark,
// lines ended by LF, the last one too, no control characters. Otherwise the
// first offence is added to errors.
std::optional<SourceText> clean_text(std::string_view bytes, const FileName& file,
                                     ErrorList& errors);

}  // namespace dkvm::detail
