#include "devices/control/json_members.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>

namespace dkvm {
namespace {

// Walks a text that is known to be valid JSON, so nothing is checked again.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  char peek() {
    while (is_space(text_[at_])) ++at_;
    return text_[at_];
  }
  void skip() { ++at_; }

  std::string_view value() {
    peek();
    const std::size_t begin = at_;
    if (text_[at_] == '"') {
      pass_string();
    } else if (text_[at_] == '{' || text_[at_] == '[') {
      pass_nested();
    } else {
      while (!is_space(text_[at_]) && text_[at_] != ',' && text_[at_] != '}') ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  void pass_string() {
    for (++at_; text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    ++at_;
  }

  void pass_nested() {
    std::size_t depth = 0;
    do {
      if (text_[at_] == '"') {
        pass_string();
        continue;
      }
      if (text_[at_] == '{' || text_[at_] == '[') ++depth;
      if (text_[at_] == '}' || text_[at_] == ']') --depth;
      ++at_;
    } while (depth != 0);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<JsonMember>> json_members(std::string_view text) {
  if (!nlohmann::json::accept(text)) return fail(Errc::invalid, "this is not JSON");
  Walker walker(text);
  if (walker.peek() != '{') return fail(Errc::invalid, "a JSON object was expected");
  walker.skip();
  std::vector<JsonMember> members;
  while (walker.peek() != '}') {
    JsonMember member;
    member.key = nlohmann::json::parse(walker.value(), nullptr, false).get<std::string>();
    walker.peek();
    walker.skip();  // the colon
    member.value = walker.value();
    const bool known = std::any_of(members.begin(), members.end(),
                                   [&](const auto& other) { return other.key == member.key; });
    if (known) return fail(Errc::invalid, "'" + member.key + "' is there twice");
    members.push_back(std::move(member));
    if (walker.peek() == ',') walker.skip();
  }
  return members;
}

}  // namespace dkvm
