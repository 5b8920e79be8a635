#include "config/yaml_message.hpp"

#include "config/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace dkvm::detail {
namespace {

// The word at a place, for quoting it.
std::string_view word_at(const SourceText& source, const Location& at) {
  const std::string_view rest = source.from(at);
  return rest.substr(0, rest.find_first_of(" \t\n,]}"));
}

// The column of a tab in the line's indentation, 0 when there is none.
int tab_in_indentation(const SourceText& source, int line) {
  const std::string_view content = source.line(line);
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
    {"unexpected character in block scalar",
     "unexpected text after '|' or '>', expected a new line"},
    {"YAML major version", "a version of YAML that is not known, expected 1.2"},
    {"tag handle with no suffix", "a '!' begins a tag, expected the text in quotes"},
};

// The innermost bracket that is open. The parser may take what stands in it
// for the key of a map of its own; that one has no bracket.
std::optional<Location> open_bracket(const SourceText& source, const YamlBuilder& builder) {
  const auto& frames = builder.open_frames();
  for (auto frame = frames.rbegin(); frame != frames.rend() && frame->flow; ++frame) {
    const std::string_view text = source.from(frame->node.at);
    if (text.starts_with('[') || text.starts_with('{')) return frame->node.at;
  }
  return std::nullopt;
}

ConfigError unclosed_bracket(const SourceText& source, const Location& bracket,
                             const Location& at) {
  const bool list = source.from(bracket).starts_with('[');
  return {bracket, fmt::format("this '{}' is not closed, expected ',' or '{}' before {}",
                               list ? '[' : '{', list ? ']' : '}', where(at))};
}

// Something stands where the next entry of an open list or map should.
ConfigError misplaced(const YamlBuilder::Frame& frame, const SourceText& source,
                      const Location& at) {
  const bool list = frame.node.is_sequence();
  return {at, fmt::format("{} cannot stand here, expected the next {} that begins at {} (is the "
                          "indentation right?)",
                          in_quotes(word_at(source, at)),
                          list ? "'- ' of the list" : "key of the map", where(frame.node.at))};
}

ConfigError explain(const YAML::Exception& error, const SourceText& source, const Location& at,
                    const YamlBuilder& builder) {
  const std::string_view theirs = error.msg;
  const auto says = [&](std::string_view start) { return theirs.starts_with(start); };
  if (const int column = tab_in_indentation(source, at.line); column > 0)
    return {{at.file, at.line, column}, "a tab in the indentation, expected spaces"};
  const auto& open = builder.open_frames();
  if (says("end of ") || says("illegal flow end"))
    if (const auto bracket = open_bracket(source, builder))
      return unclosed_bracket(source, *bracket, at);
  if (!open.empty() && says("end of ")) return misplaced(open.back(), source, at);
  if (says("unknown token"))
    return {at, fmt::format("a text cannot begin with '{}', expected it in quotes",
                            source.from(at).substr(0, 1))};
  if (says("the referenced anchor"))
    return {at, fmt::format("the alias {} is not defined, expected an anchor before it",
                            in_quotes(word_at(source, at)))};
  if (says("unknown escape character"))
    return {at, fmt::format("the escape '\\{}' is not known, expected a backslash as '\\\\' or "
                            "single quotes around the text",
                            theirs.substr(theirs.size() - 1))};
  if (says("cannot set zero indentation"))  // they point behind the digit
    return {{at.file, at.line, at.column - 1},
            "the indentation of a block text is 0, expected 1 to 9"};
  for (const Phrase& phrase : kPhrases)
    if (says(phrase.theirs)) return {at, std::string(phrase.ours)};
  return {at, fmt::format("this is no YAML: {}", theirs)};
}

}  // namespace

void add_explained(const YAML::Exception& error, const SourceText& source,
                   const YamlBuilder& builder, ErrorList& errors) {
  const Location at = source.locate(error.mark.line, error.mark.column);
  ConfigError ours = explain(error, source, at, builder);
  errors.add(std::move(ours.at), std::move(ours.message));
}

bool quote_is_closed(const SourceText& source, const Location& at) {
  std::string_view rest = source.from(at);
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
