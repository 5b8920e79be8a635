#pragma once

#include <dkvm/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace dkvm::ctl {

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

// `desk.local`, `desk:24861`, `192.168.1.7:0`, `[fd12::1]:24861`, `fd12::1`.
// Errors: Errc::invalid, with what was expected.
Result<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port);

}  // namespace dkvm::ctl
