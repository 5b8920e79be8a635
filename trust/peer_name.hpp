#pragma once

#include <string>
#include <string_view>

namespace dkvm::trust {

// Names of peers, as they stand in addresses: [a-z0-9][a-z0-9-]*, at most
// kPeerNameBytesMax.
bool is_peer_name(std::string_view name);

// What is wrong with it, for an error.
std::string peer_name_complaint(std::string_view name);

// A name made of what another system calls a machine: `Desk.local` becomes
// `desk`. Empty when nothing of it can be used.
std::string peer_name_from(std::string_view host);

}  // namespace dkvm::trust
