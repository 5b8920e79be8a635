#pragma once

#include "tools/dkvmctl/format.hpp"
#include "tools/dkvmctl/json.hpp"
#include "tools/dkvmctl/style.hpp"

#include <cstdio>
#include <string>
#include <string_view>

namespace dkvm::ctl {

// A line on stderr; whether anybody can read it is of no account.
inline void say(const std::string& line) { std::fputs((line + "\n").c_str(), stderr); }

// Where results go: a person's terminal, or a program that reads JSON.
class Screen {
 public:
  Screen(std::FILE* to, bool as_json, Style style) : to_(to), json_(as_json), style_(style) {}

  bool json() const { return json_; }
  const Style& style() const { return style_; }

  static Time now() {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  }

  // Texts that are printable, with their newlines.
  void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), to_); }

  // One JSON document over several lines.
  void document(const Json& value) {
    print(value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  }
  // One of many, on a line of its own.
  void json_line(const Json& value) {
    print(value.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  }

  // Beside the results, on stderr: for people or, one a line, for programs.
  void note(const std::string& text) const {
    say(json_ ? Json{{"note", text}}.dump(-1, ' ', false, Json::error_handler_t::replace)
              : "dkvmctl: " + text);
  }

  // False when something could not be written, a full disk for one.
  bool flush() { return std::fflush(to_) == 0 && std::ferror(to_) == 0; }

 private:
  std::FILE* to_;
  bool json_;
  Style style_;
};

}  // namespace dkvm::ctl
