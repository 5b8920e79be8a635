#include "config/address.hpp"

#include "config/suggest.hpp"

#include <dkvm/limits.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace dkvm {
namespace {

using detail::in_quotes;

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_name_part(char c) { return is_name_start(c) || c == '_' || c == '-'; }

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find(separator, at);
    parts.push_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return parts;
    at = end + 1;
  }
}

}  // namespace

std::optional<std::string> name_complaint(std::string_view name) {
  if (name.empty()) return "is empty, expected a name";
  if (name.size() > kNameBytesMax)
    return fmt::format("has {} characters, expected at most {}", name.size(), kNameBytesMax);
  if (std::all_of(name.begin(), name.end(), is_name_part) && is_name_start(name[0]))
    return std::nullopt;
  return "is no name, expected a-z, 0-9, '-' and '_', beginning with a letter or digit";
}

Result<Address> parse_address(std::string_view text) {
  constexpr std::string_view kForms = "expected device, device/port or link/peer/stream";
  const auto wrong = [&](std::string why) {
    return fail(Errc::invalid, fmt::format("{} {}", in_quotes(text), why));
  };
  const auto parts = split(text, '/');
  const bool link = parts[0] == kLinkName;
  if (text.empty()) return fail(Errc::invalid, fmt::format("an address is empty, {}", kForms));
  if (text.find(':') != std::string_view::npos)
    return wrong(fmt::format("is an address of calls, not of a port, {}", kForms));
  if (link && parts.size() == 1) return wrong("does not say which link, expected link/peer/stream");
  if (parts.size() > (link ? 3u : 2u)) return wrong(fmt::format("has too many parts, {}", kForms));
  for (const std::string_view part : parts)
    if (const auto complaint = name_complaint(part))
      return wrong(fmt::format("is no address: {} {}", in_quotes(part), *complaint));

  Address address;
  address.device = parts[0];
  if (parts.size() > 1) address.port = text.substr(parts[0].size() + 1);
  return address;
}

std::optional<FarAddress> parse_far_address(std::string_view text) {
  if (!text.starts_with(kLinkPrefix)) return std::nullopt;
  text.remove_prefix(kLinkPrefix.size());
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const FarAddress address{text.substr(0, colon), text.substr(colon + 1)};
  if (name_complaint(address.peer) || name_complaint(address.device)) return std::nullopt;
  return address;
}

}  // namespace dkvm
