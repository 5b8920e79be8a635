#pragma once

#include "config/error_list.hpp"
#include "config/source_text.hpp"
#include "config/yaml_node.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace dkvm::detail {

// What all files of one configuration may use up together.
struct YamlBudget {
  std::size_t bytes_left = kConfigTotalBytesMax;
  std::size_t nodes_left = kConfigNodesMax;
};

// The one document in the bytes of a file. yaml-cpp is used in here only.
// Errors: nothing is returned when the text is no YAML; duplicate keys and the
// like are added to errors beside a tree that can be checked further.
std::optional<YamlNode> parse_yaml(std::string_view bytes, const FileName& file, YamlBudget& budget,
                                   ErrorList& errors);

}  // namespace dkvm::detail
