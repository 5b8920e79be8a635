#pragma once

#include <nlohmann/json.hpp>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dkvm {

// What is wrong with the arguments of a stage, and where.
struct ArgumentComplaint {
  std::string what;      // 'KEY_AA' is no evdev code
  std::string expected;  // the name of a key or button such as KEY_A
  // JSON pointer into the arguments; empty: all of them.
  std::string pointer{};
  bool of_key = false;  // the key at pointer is wrong, not its value
  // For a guess at what was meant: what was written, and what there is.
  // Life: names are there for ever
  std::string written{};
  std::span<const std::string_view> names{};

  std::string message() const { return what + ", expected " + expected; }
};

using ArgumentComplaints = std::vector<ArgumentComplaint>;

// The pointer of a member, its `~` and `/` escaped.
inline std::string pointer_to(const std::string& key) {
  return (nlohmann::json::json_pointer() / key).to_string();
}

// How a message names a value of the wrong type.
std::string shown_argument(const nlohmann::json& value);

// The names of all keys and buttons, `KEY_…` and `BTN_…`.
std::span<const std::string_view> input_code_names();

// Complains about text that names no key or button.
// Shape: at most one; its place is for the caller to say
ArgumentComplaints check_code_name(const std::string& text);

}  // namespace dkvm
