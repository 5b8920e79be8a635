#pragma once

#include <compare>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// Where something stands in a configuration file, and what is wrong there.
namespace dkvm {

// Lines and columns count from 1, columns in characters; 0 is "the file as a
// whole". The name is shared by all places of one file.
struct Location {
  std::shared_ptr<const std::string> file;
  int line = 0;
  int column = 0;

  std::string_view file_name() const { return file ? std::string_view(*file) : "?"; }
};

// `file:line:column`, or `file` where there is no line.
std::string to_string(const Location& at);

struct ConfigError {
  Location at;
  std::string message;      // what is wrong, what was expected (did you mean 'x'?)
  bool unfinished = false;  // somebody is writing the file: it may be right in a moment
};

using ConfigErrors = std::vector<ConfigError>;

// `file:line:column: message`.
std::string to_string(const ConfigError& error);

// One error a line.
std::string to_string(const ConfigErrors& errors);

}  // namespace dkvm
