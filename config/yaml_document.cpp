#include "config/yaml_document.hpp"

#include "config/suggest.hpp"
#include "config/yaml_builder.hpp"
#include "config/yaml_message.hpp"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <fmt/format.h>

#include <sstream>

namespace dkvm::detail {
namespace {

// yaml-cpp takes a quoted text that the file ends in; we do not.
bool check_quotes(const SourceText& source, const YamlBuilder& builder, ErrorList& errors) {
  const Location& at = builder.last_quoted();
  if (at.line == 0 || quote_is_closed(source, at)) return true;
  errors.add(at, "this quote is never closed, expected a quote at the end of the text");
  return false;
}

}  // namespace

std::optional<YamlNode> parse_yaml(std::string_view bytes, const FileName& file, YamlBudget& budget,
                                   ErrorList& errors) {
  if (bytes.size() > kConfigFileBytesMax || bytes.size() > budget.bytes_left) {
    const bool together = bytes.size() <= kConfigFileBytesMax;
    errors.add({file, 0, 0}, fmt::format("{} than {} bytes, expected less",
                                         together ? "with this file the configuration is larger"
                                                  : "the file is larger",
                                         together ? kConfigTotalBytesMax : kConfigFileBytesMax));
    return std::nullopt;
  }
  budget.bytes_left -= bytes.size();
  const auto source = clean_text(bytes, file, errors);
  if (!source) return std::nullopt;

  YamlBuilder builder(*source, budget, errors);
  try {
    std::istringstream stream(source->text());
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) continue;
  } catch (const YamlStop&) {
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    if (check_quotes(*source, builder, errors)) add_explained(error, *source, builder, errors);
    return std::nullopt;
  } catch (const std::exception& error) {
    errors.add({file, 0, 0}, fmt::format("the text cannot be read as YAML: {}", error.what()));
    return std::nullopt;
  }
  if (!check_quotes(*source, builder, errors)) return std::nullopt;
  YamlNode nothing;
  nothing.at = {file, 1, 1};
  return builder.take_root().value_or(std::move(nothing));
}

}  // namespace dkvm::detail
