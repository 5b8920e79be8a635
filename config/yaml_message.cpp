#include "config/yaml_message.hpp"

#include "config/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace dkvm::detail {
namespace {

std::string_view line_of(std::string_view text, int line) {
  for (; line > 1; --line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

// The part of a line from a column on, counted in characters.
std::string_view from_column(std::string_view line, int column) {
  std::size_t at = 0;
  for (; column > 1 && at < line.size(); --column) do
      ++at;
    while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xC0) == 0x80);
  return line.substr(at);
}

// The word at a place, for quoting it.
std::string_view word_at(std::string_view text, const Location& at) {
  const std::string_view rest = from_column(line_of(text, at.line), at.column);
  return rest.substr(0, rest.find_first_of(" \t,]}"));
}

// The column of a tab in the line's indentation, 0 when there is none.
int tab_in_indentation(std::string_view text, int line) {
  const std::string_view content = line_of(text, line);
  const std::string_view indentation = content.substr(0, content.find_first_not_of(" \t"));
  return static_cast<int>(indentation.find('\t') + 1);
}

std::string where(const Location& at) {
  return fmt::format("line {}, column {}", at.line, at.column);
}

struct Phrase {
  std::string_view theirs;  // what yaml-cpp's message begins with
  std::string_view ours;
};

constexpr Phrase kPhrases[] = {
    {"illegal map value",
     "a ':' cannot stand here: the indentation is wrong, a line break is missing, or the text "
     "needs quotes"},
    {"illegal map key", "a key cannot begin here, expected it on a line of its own"},
    {"illegal block entry", "a '- ' cannot begin here, expected it on a line of its own"},
    {"illegal flow end", "this bracket closes nothing, expected an opening '[' or '{' before it"},
    {"alias not found", "a '*' begins an alias, expected its name or the text in quotes"},
    {"anchor not found", "a '&' begins an anchor, expected its name or the text in quotes"},
    {"illegal character found while scanning",
     "a name of an anchor, alias or tag has a character "
     "that is not allowed, expected letters and digits"},
    {"illegal document indicator", "a '---' or '...' inside of a quoted text, expected its quote"},
    {"cannot set zero indentation", "the indentation of a block text is 0, expected 1 to 9"},
    {"unexpected character in block scalar",
     "unexpected text after '|' or '>', expected a new line"},
    {"YAML major version", "a version of YAML that is not known, expected 1.2"},
    {"tag handle with no suffix", "a '!' begins a tag, expected the text in quotes"},
};

ConfigError unclosed_bracket(const YamlBuilder::Frame& frame, const Location& at) {
  const bool list = frame.node.is_sequence();
  return {frame.node.at, fmt::format("this '{}' is not closed, expected ',' or '{}' before {}",
                                     list ? '[' : '{', list ? ']' : '}', where(at))};
}

// Something stands where the next entry of an open list or map should.
ConfigError misplaced(const YamlBuilder::Frame& frame, std::string_view text, const Location& at) {
  const bool list = frame.node.is_sequence();
  return {at, fmt::format("{} cannot stand here, expected the next {} that begins at {} (is the "
                          "indentation right?)",
                          in_quotes(word_at(text, at)),
                          list ? "'- ' of the list" : "key of the map", where(frame.node.at))};
}

ConfigError explain(const YAML::Exception& error, const std::string& text, const Location& at,
                    const YamlBuilder& builder) {
  const std::string_view theirs = error.msg;
  const auto says = [&](std::string_view start) { return theirs.starts_with(start); };
  if (const int column = tab_in_indentation(text, at.line); column > 0)
    return {{at.file, at.line, column}, "a tab in the indentation, expected spaces"};
  const auto& open = builder.open_frames();
  if (!open.empty() && open.back().flow && (says("end of ") || says("illegal flow end")))
    return unclosed_bracket(open.back(), at);
  if (!open.empty() && says("end of ")) return misplaced(open.back(), text, at);
  if (says("unknown token"))
    return {at, fmt::format("a text cannot begin with '{}', expected it in quotes",
                            from_column(line_of(text, at.line), at.column).substr(0, 1))};
  if (says("the referenced anchor"))
    return {at, fmt::format("the alias {} is not defined, expected an anchor before it",
                            in_quotes(word_at(text, at)))};
  if (says("unknown escape character"))
    return {at, fmt::format("the escape '\\{}' is not known, expected a backslash as '\\\\' or "
                            "single quotes around the text",
                            theirs.substr(theirs.size() - 1))};
  for (const Phrase& phrase : kPhrases)
    if (says(phrase.theirs)) return {at, std::string(phrase.ours)};
  return {at, fmt::format("this is no YAML: {}", theirs)};
}

}  // namespace

void add_explained(const YAML::Exception& error, const std::string& text, const FileName& file,
                   const YamlBuilder& builder, ErrorList& errors) {
  Location at{file, std::max(error.mark.line, 0) + 1, std::max(error.mark.column, 0) + 1};
  ConfigError ours = explain(error, text, at, builder);
  errors.add(std::move(ours.at), std::move(ours.message));
}

bool quote_is_closed(const std::string& text, const Location& at) {
  const std::string_view line = from_column(line_of(text, at.line), at.column);
  const std::size_t offset = static_cast<std::size_t>(line.data() - text.data());
  std::string_view rest = std::string_view(text).substr(offset);
  // Anchors and tags may stand before the quote.
  while (!rest.empty() && (rest[0] == '&' || rest[0] == '!')) {
    rest.remove_prefix(std::min(rest.find_first_of(" \n"), rest.size()));
    rest.remove_prefix(std::min(rest.find_first_not_of(" \n"), rest.size()));
  }
  if (rest.empty() || (rest[0] != '"' && rest[0] != '\'')) return true;
  const char quote = rest[0];
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == quote && quote == '\'' && i + 1 < rest.size() && rest[i + 1] == quote)
      ++i;
    else if (rest[i] == quote)
      return true;
    else if (quote == '"' && rest[i] == '\\')
      ++i;
  }
  return false;
}

}  // namespace dkvm::detail
