#include "trust/peer_name.hpp"

#include "trust/limits.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dkvm::trust {
namespace {

bool is_start(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_part(char c) { return is_start(c) || c == '-'; }

}  // namespace

bool is_peer_name(std::string_view name) {
  return !name.empty() && name.size() <= kPeerNameBytesMax && is_start(name[0]) &&
         std::all_of(name.begin(), name.end(), is_part);
}

std::string peer_name_complaint(std::string_view name) {
  return fmt::format(
      "'{}' is no name of a peer, expected a-z, 0-9 and '-', beginning with a letter or digit, at "
      "most {} characters",
      name.substr(0, 2 * kPeerNameBytesMax), kPeerNameBytesMax);
}

std::string peer_name_from(std::string_view host) {
  std::string name;
  for (char c : host.substr(0, host.find('.'))) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '_' || c == ' ') c = '-';
    if (is_part(c) && (!name.empty() || c != '-') && name.size() < kPeerNameBytesMax) name += c;
  }
  return name;
}

}  // namespace dkvm::trust
