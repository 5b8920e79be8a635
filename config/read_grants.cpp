#include "config/map_reader.hpp"
#include "config/read_sections.hpp"
#include "config/suggest.hpp"
#include "config/yaml_values.hpp"

#include <fmt/format.h>

#include <utility>

namespace dkvm::detail {
namespace {

constexpr std::string_view kMethodCharacters = "abcdefghijklmnopqrstuvwxyz0123456789_-.";

bool is_method(std::string_view text) {
  if (text == "*") return true;
  if (text.ends_with(".*")) text.remove_suffix(2);
  return !text.empty() && text.find_first_not_of(kMethodCharacters) == std::string_view::npos &&
         text.front() != '.' && text.back() != '.';
}

// kernel, device or link/peer:device.
bool is_target(std::string_view text) {
  if (parse_far_address(text)) return true;
  return text != kLinkName && !name_complaint(text);
}

// link/peer:device or link/peer:*.
bool is_far_caller(std::string_view text) {
  constexpr std::string_view kAll = ":*";
  if (parse_far_address(text)) return true;
  if (!text.starts_with(kLinkPrefix) || !text.ends_with(kAll)) return false;
  text.remove_prefix(kLinkPrefix.size());
  text.remove_suffix(kAll.size());
  return !name_complaint(text);
}

void read_methods(const YamlNode& node, GrantConfig& grant, ErrorList& errors) {
  const Values values{errors};
  const auto items = items_of(node);
  if (items.empty() || items.size() > kMethodsPerGrantMax)
    errors.add(node.at, fmt::format("'methods' has {} items, expected 1 to {}", items.size(),
                                    kMethodsPerGrantMax));
  for (const YamlNode* item : items) {
    auto method = values.text(*item, "methods");
    if (!method) continue;
    if (!is_method(*method)) {
      values.wrong(*item, "methods", "expected a method such as devices.list, devices.* or *");
      continue;
    }
    grant.methods.push_back({std::move(*method), item->at});
  }
}

// What every grant has.
GrantConfig read_grant(const YamlNode& node, MapReader& reader, ErrorList& errors) {
  const Values values{errors};
  GrantConfig grant;
  grant.at = node.at;
  if (const auto* target = reader.require("target", node.at)) {
    grant.at = target->at;
    grant.target = values.text(*target, "target").value_or("");
    if (!grant.target.empty() && !is_target(grant.target)) {
      values.wrong(*target, "target", "expected kernel, a device or link/peer:device");
      grant.target.clear();
    }
  }
  if (const auto* methods = reader.require("methods", node.at))
    read_methods(*methods, grant, errors);
  return grant;
}

CallerGrantConfig read_caller_grant(const YamlNode& node, ErrorList& errors) {
  const Values values{errors};
  CallerGrantConfig grant;
  MapReader reader(node, "a grant", errors);
  if (const auto* caller = reader.require("caller", node.at)) {
    grant.caller_at = caller->at;
    grant.caller = values.text(*caller, "caller").value_or("");
    if (!grant.caller.empty() && !is_far_caller(grant.caller)) {
      values.wrong(*caller, "caller",
                   "expected a caller of another machine, link/peer:device or link/peer:* (what a "
                   "device of this one may call stands in its own 'grants')");
      grant.caller.clear();
    }
  }
  grant.grant = read_grant(node, reader, errors);
  reader.finish();
  return grant;
}

}  // namespace

std::vector<GrantConfig> read_grants(const YamlNode& node, ErrorList& errors) {
  std::vector<GrantConfig> grants;
  if (!node.is_sequence()) {
    Values{errors}.wrong(node, "grants",
                         "expected a list such as [{target: kernel, methods: [devices.list]}]");
    return grants;
  }
  if (node.items.size() > kGrantsPerDeviceMax)
    errors.add(node.at, fmt::format("'grants' has {} items, expected at most {}", node.items.size(),
                                    kGrantsPerDeviceMax));
  for (const YamlNode& item : node.items) {
    MapReader reader(item, "a grant", errors);
    grants.push_back(read_grant(item, reader, errors));
    reader.finish();
  }
  return grants;
}

std::vector<CallerGrantConfig> read_caller_grants(const YamlNode& node, ErrorList& errors) {
  std::vector<CallerGrantConfig> grants;
  if (!node.is_sequence()) {
    Values{errors}.wrong(node, "grants",
                         "expected a list such as [{caller: \"link/laptop:*\", target: kernel, "
                         "methods: [devices.list]}]");
    return grants;
  }
  for (const YamlNode& item : node.items) grants.push_back(read_caller_grant(item, errors));
  return grants;
}

}  // namespace dkvm::detail
