#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>

// A device's log is its stderr; the kernel keeps the level of lines that begin
// with the sd-daemon prefix <N>. One write a line, so lines never mix.
// Never log key codes.
namespace dkvm {

enum class LogLevel : char { error = '3', warning = '4', notice = '5', info = '6', debug = '7' };

// Writes one line; newlines in it become spaces. Waits when the kernel takes the
// log at its rate.
inline void log(LogLevel level, std::string_view text) {
  std::string line;
  line.reserve(text.size() + 4);
  line += '<';
  line += static_cast<char>(level);
  line += '>';
  for (const char c : text) line += c == '\n' ? ' ' : c;
  line += '\n';
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // a log that cannot be written is nobody's failure
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

inline void log_error(std::string_view text) { log(LogLevel::error, text); }
inline void log_warning(std::string_view text) { log(LogLevel::warning, text); }
inline void log_info(std::string_view text) { log(LogLevel::info, text); }
inline void log_debug(std::string_view text) { log(LogLevel::debug, text); }

}  // namespace dkvm
