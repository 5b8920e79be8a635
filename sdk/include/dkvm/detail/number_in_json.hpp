#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace dkvm::detail {

// The whole number of a member of a flat JSON object, as the kernel answers
// them; nullopt when there is none. No reader of JSON at large.
inline std::optional<std::uint64_t> number_in_json(std::string_view object, std::string_view name) {
  const std::string quoted = "\"" + std::string(name) + "\"";
  auto at = object.find(quoted);
  if (at == std::string_view::npos) return std::nullopt;
  at = object.find_first_not_of(" \t\r\n", at + quoted.size());
  if (at == std::string_view::npos || object[at] != ':') return std::nullopt;
  at = object.find_first_not_of(" \t\r\n", at + 1);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  const char* const end = object.data() + object.size();
  const auto [rest, error] = std::from_chars(object.data() + at, end, value);
  if (error != std::errc{} || (rest != end && *rest != ',' && *rest != '}' && *rest != ' '))
    return std::nullopt;
  return value;
}

}  // namespace dkvm::detail
