#pragma once

#include "config/error_list.hpp"
#include "config/model.hpp"
#include "config/yaml_node.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// Nodes as values. Each of these answers nothing and adds one error when the
// node is something else; `what` names it in the message: `restart.initial`.
namespace dkvm::detail {

// A scalar as YAML 1.2's core schema types it: null, boolean, integer, number
// or text. Nothing for numbers that no JSON can hold (too large, .inf, .nan).
std::optional<nlohmann::json> core_value(const YamlNode& scalar);

// True for text that would be a number without quotes.
bool looks_like_number(std::string_view text);

struct Values {
  ErrorList& errors;

  std::optional<std::string> text(const YamlNode& node, std::string_view what) const;
  // Text for a variable or an argument: numbers and booleans as they are written.
  std::optional<std::string> word(const YamlNode& node, std::string_view what) const;
  std::optional<std::string> name(const YamlNode& node, std::string_view what) const;
  std::optional<bool> boolean(const YamlNode& node, std::string_view what) const;
  std::optional<std::int64_t> integer(const YamlNode& node, std::string_view what, std::int64_t min,
                                      std::int64_t max) const;
  std::optional<double> number(const YamlNode& node, std::string_view what, double min,
                               double max) const;
  std::optional<double> percent(const YamlNode& node, std::string_view what) const;
  std::optional<std::chrono::milliseconds> duration(const YamlNode& node, std::string_view what,
                                                    std::chrono::milliseconds min,
                                                    std::chrono::milliseconds max) const;
  std::optional<std::uint64_t> bytes(const YamlNode& node, std::string_view what, std::uint64_t min,
                                     std::uint64_t max) const;
  std::optional<std::uint64_t> byte_rate(const YamlNode& node, std::string_view what,
                                         std::uint64_t min, std::uint64_t max) const;
  // The index of the choice.
  std::optional<std::size_t> choice(const YamlNode& node, std::string_view what,
                                    std::span<const std::string_view> choices) const;
  // A free-form part of the file.
  LocatedJson json(const YamlNode& node) const;

  // `'<what>' is <node>, <expected>`.
  void wrong(const YamlNode& node, std::string_view what, std::string_view expected) const;
};

}  // namespace dkvm::detail
