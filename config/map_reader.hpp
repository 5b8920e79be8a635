#pragma once

#include "config/error_list.hpp"
#include "config/yaml_node.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace dkvm::detail {

// Reads the keys of one map. A key is known by being asked for; finish() then
// reports the ones that nobody asked for.
class MapReader {
 public:
  // what names the map in messages: "device 'kbd0'". A node that is no map is
  // an error here and then like an empty map. Life: borrows both.
  MapReader(const YamlNode& node, std::string what, ErrorList& errors);

  bool is_map() const { return node_.is_map(); }

  // Null when the key is not there.
  const YamlNode* take(std::string_view key);

  // The same for a section that may be left empty: null then too.
  const YamlNode* take_filled(std::string_view key) {
    const YamlNode* node = take(key);
    return node != nullptr && node->is_null() ? nullptr : node;
  }

  // The same, where a missing key is an error at `at`.
  const YamlNode* require(std::string_view key, const Location& at);

  // The place of the key itself.
  Location key_at(std::string_view key) const;

  void finish();

 private:
  const YamlNode& node_;
  std::string what_;
  ErrorList& errors_;
  std::vector<std::string_view> known_;
};

// The items of a list; a value that is no list is a list of itself.
std::vector<const YamlNode*> items_of(const YamlNode& node);

}  // namespace dkvm::detail
