#include "config/location.hpp"

#include <fmt/format.h>

namespace dkvm {

std::string to_string(const Location& at) {
  if (at.line == 0) return std::string(at.file_name());
  return fmt::format("{}:{}:{}", at.file_name(), at.line, at.column);
}

std::string to_string(const ConfigError& error) {
  return to_string(error.at) + ": " + error.message;
}

std::string to_string(const ConfigErrors& errors) {
  std::string text;
  for (const ConfigError& error : errors) {
    text += to_string(error);
    text += '\n';
  }
  return text;
}

}  // namespace dkvm
