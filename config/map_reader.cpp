#include "config/map_reader.hpp"

#include "config/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dkvm::detail {

MapReader::MapReader(const YamlNode& node, std::string what, ErrorList& errors)
    : node_(node), what_(std::move(what)), errors_(errors) {
  if (!node.is_map())
    errors_.add(node.at,
                fmt::format("{} is {}, expected a map (key: value)", what_, describe(node)));
}

const YamlNode* MapReader::take(std::string_view key) {
  known_.push_back(key);
  return node_.find(key);
}

const YamlNode* MapReader::require(std::string_view key, const Location& at) {
  const YamlNode* node = take(key);
  if (node == nullptr && node_.is_map())
    errors_.add(at, fmt::format("{} has no '{}', expected one", what_, key));
  return node;
}

Location MapReader::key_at(std::string_view key) const {
  for (const YamlEntry& entry : node_.entries)
    if (entry.key == key) return entry.key_at;
  return node_.at;
}

void MapReader::finish() {
  for (const YamlEntry& entry : node_.entries) {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    const auto is_glued = [&](std::string_view key) {
      return entry.key.starts_with(key) && entry.key.size() > key.size() &&
             std::string_view(" :=").find(entry.key[key.size()]) != std::string_view::npos;
    };
    const auto glued = std::find_if(known_.begin(), known_.end(), is_glued);
    const std::string hint = glued != known_.end() ? fmt::format(" (did you mean '{}: …'?)", *glued)
                                                   : did_you_mean(entry.key, known_);
    errors_.add(entry.key_at, fmt::format("{} has no key {}, expected {}{}", what_,
                                          in_quotes(entry.key), one_of(known_), hint));
  }
}

std::vector<const YamlNode*> items_of(const YamlNode& node) {
  if (!node.is_sequence()) return {&node};
  std::vector<const YamlNode*> items;
  for (const YamlNode& item : node.items) items.push_back(&item);
  return items;
}

}  // namespace dkvm::detail
