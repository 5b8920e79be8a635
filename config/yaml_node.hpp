#pragma once

#include "config/location.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace dkvm::detail {

struct YamlEntry;

// A YAML document as a tree of its own: aliases expanded, merge keys merged,
// keys text and unique, every node with its place. At most kConfigNestingMax
// deep, so that recursion over it is safe.
struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, sequence, map };

  Kind kind = Kind::null;
  bool plain = false;              // of a scalar: not in quotes, typed by its text
  std::string text;                // of a scalar
  std::vector<YamlNode> items;     // of a sequence
  std::vector<YamlEntry> entries;  // of a map, in the order of the file
  Location at;

  bool is_map() const { return kind == Kind::map; }
  bool is_sequence() const { return kind == Kind::sequence; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_null() const { return kind == Kind::null; }

  // Null when there is none.
  const YamlNode* find(std::string_view key) const;
};

struct YamlEntry {
  std::string key;
  Location key_at;
  YamlNode value;
};

inline const YamlNode* YamlNode::find(std::string_view key) const {
  for (const YamlEntry& entry : entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

// How a message names a value: `'text'`, `a list`, `a map`, `nothing`.
std::string describe(const YamlNode& node);

}  // namespace dkvm::detail
